import ArgumentParser
import RapportLedger

/// How the program ends. The codes are a contract with scripts; those from 64 on are those of `sysexits.h`.
enum Exit: Int32 {
  case done = 0
  /// No ledger there, a newer format, no permission to read.
  case failed = 1
  /// No such customer, view or event.
  case noSuch = 2
  case damaged = 4
  case usage = 64
  /// Some input was refused, everything else was recorded.
  case rejected = 65
  case cannotCreate = 73
  case inputOutput = 74
  /// Another writer kept the ledger for too long.
  case busy = 75

  /// What a `LedgerError` means for the program's end.
  init(_ error: LedgerError) {
    switch error {
    case .absent, .newerFormat, .forbidden, .keysMissing, .noMasterKey, .interrupted: self = .failed
    case .notALedger, .cannotCreate: self = .cannotCreate
    case .damaged: self = .damaged
    case .busy: self = .busy
    case .inputOutput, .noSuchFile: self = .inputOutput
    case .noSuchCustomer, .noSuchView: self = .noSuch
    case .invalid: self = .usage
    case .rejected: self = .rejected
    }
  }

  /// Ends the program: with a line on standard error, with the usage or help that the parser made, or quietly.
  static func end(with error: any Error) -> Never {
    switch error {
    case let failure as Failure:
      if let message = failure.message { Exit.say(message) }
      System.exit(failure.exit.rawValue)
    case let error as LedgerError:
      Exit.say(error.description)
      System.exit(Exit(error).rawValue)
    case let interrupted as Interrupted:
      System.end(bySignal: interrupted.signal)
    case is ClosedPipe:
      System.exit(Exit.done.rawValue)
    default:
      guard Rapport.exitCode(for: error) == .validationFailure else { Rapport.exit(withError: error) }
      // The parser's messages have the same form as ours, not its own "Error: ".
      let message = Rapport.fullMessage(for: error)
      let prefix = "Error: "
      let text = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
      // Usage has several lines; what it quotes came from outside.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText.escaped(String($0)) }
      StandardError.write("rapport: \(lines.joined(separator: "\n"))\n")
      System.exit(Exit.usage.rawValue)
    }
  }

  /// `rapport: <message>`, safe for a terminal: messages quote what came from outside.
  static func say(_ message: String) { StandardError.write("rapport: \(TerminalText.escaped(message))\n") }
}

/// An end that is no `LedgerError`, or a `LedgerError` that means something else here.
struct Failure: Error {
  var exit: Exit
  /// nil when what was printed says it already.
  var message: String?

  init(_ exit: Exit, _ message: String? = nil) {
    self.exit = exit
    self.message = message
  }
}

/// Nobody reads standard output any more.
struct ClosedPipe: Error {}
