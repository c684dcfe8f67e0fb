import RapportLedger

/// What the process that verifies tells its parent, a line for each step as it happens: so the parent knows what was
/// found, and where, even if the other dies. Fields are separated by tabs.
struct VerificationReport {
  private(set) var verification = Verification()
  /// Events in the log, once they are known.
  private(set) var total: UInt64?
  private(set) var finishedEvents: UInt64 = 0
  /// First positions of blocks that are being read.
  private var open: Set<UInt64> = []

  /// Verifies a ledger in a child: LMDB trusts the pages of its file, and a damaged one may end the process.
  ///
  /// - Throws: a ``Failure`` where the child said what is wrong; ``Interrupted``.
  static func ofChild(
    path: String, masterKey: String? = nil, against digest: LogDigest? = nil, _ display: DisplayOptions
  ) throws -> Verification {
    var arguments = ["verify", "--tell-parent", "--ledger", path]
    if let masterKey { arguments += ["--master-key", masterKey] }
    if let digest { arguments += ["--against", digest.description] }
    var report = VerificationReport()
    var progress: ProgressLine?
    defer { progress?.clear() }
    let end = try ChildProcess.run(arguments) { line in
      report.read(line)
      if progress == nil, let total = report.total, !display.quiet {
        progress = .onTerminal(total: total, noColor: display.noColor)
      }
      progress?.update(report.finishedEvents) { "\(Human.count(report.finishedEvents)) events verified" }
    }
    switch end {
    case .exited(0): return report.verification
    case .exited(let code): throw Failure(Exit(rawValue: code) ?? .failed)
    case .signalled(let number): return report.ended(by: ChildProcess.name(ofSignal: number))
    }
  }

  /// The child's half.
  static func tell(path: String, masterKey: String?, against digest: LogDigest?) throws {
    Faults.remove()
    let verification = try Ledger.verify(at: path, masterKeyPath: masterKey, against: digest, onStep: say)
    say(
      "result", "\(verification.position)", "\(verification.checkedEvents)", "\(verification.sealedEvents)",
      verification.digest?.description ?? "")
  }

  @Sendable private static func say(_ step: VerificationStep) {
    switch step {
    case .listed(let position): say("listed", "\(position)")
    case .began(let first, let last): say("began", "\(first)", "\(last)")
    case .finished(let first, let last): say("finished", "\(first)", "\(last)")
    case .found(let damage): say("found", "\(damage.position)", damage.kind.rawValue, damage.detail)
    }
  }

  private static func say(_ fields: String...) {
    let line = fields.map { $0.split { $0.isNewline || $0 == "\t" }.joined(separator: " ") }.joined(separator: "\t")
    // Nobody listens any more: the parent has ended.
    do { try Output.writeNow(Array((line + "\n").utf8)) } catch { System.exit(Exit.done.rawValue) }
  }

  /// The parent's half.
  mutating func read(_ line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    let numbers = fields.dropFirst().prefix(2).map { UInt64($0) ?? 0 }
    switch (fields[0], numbers.count) {
    case ("listed", 1):
      total = numbers[0]
      verification.position = numbers[0]
    case ("began", 2): open.insert(numbers[0])
    case ("finished", 2):
      open.remove(numbers[0])
      finishedEvents += numbers[1] - numbers[0] + 1
    case ("found", 2) where fields.count == 4:
      if let kind = Damage.Kind(rawValue: String(fields[2])) {
        verification.note(Damage(kind: kind, position: numbers[0], detail: String(fields[3])))
      }
    case ("result", 2) where fields.count == 5:
      verification.position = numbers[0]
      verification.checkedEvents = Int(numbers[1])
      verification.sealedEvents = Int(fields[3]) ?? 0
      verification.digest = LogDigest(fields[4])
    default: break
    }
  }

  /// What there is to say when the child was ended by a signal.
  func ended(by signal: String) -> Verification {
    var verification = verification
    verification.digest = nil
    verification.checkedEvents = Int(finishedEvents)
    verification.note(
      Damage(
        kind: .file, position: open.min() ?? 0,
        detail: "reading it ended with “\(signal)”: what the file's pages say leads out of it"))
    return verification
  }
}
