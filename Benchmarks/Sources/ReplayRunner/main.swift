import RapportLedger

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Questions to the replay engine in one process: what `compare-replay`, `measure-replay` and `count-calls` run.
//
//   replay-runner serve LEDGER [MAP-BYTES]          obeys lines on standard input, answers one line each:
//     QUESTION THREADS                               runs it, prints seconds
//     answer QUESTION FILE                           runs it and writes what it gave (`Answer`)
//     one EVENTS ROUNDS                              orders of single customers with about so many events, prints
//                                                    milliseconds (`Latency`); stores the state of a view
//   replay-runner export LEDGER FOLDER              writes the events as rows for other engines (`Export`)
//   replay-runner questions                         lists them

func fail(_ message: String) -> Never {
  say("replay-runner: \(message)", to: STDERR_FILENO)
  exit(64)
}

/// Writes a line at once.
func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
  let bytes = Array((line + "\n").utf8)
  _ = write(descriptor, bytes, bytes.count)
}

let arguments = CommandLine.arguments.dropFirst()
do {
  switch (arguments.first, arguments.count) {
  case ("questions", 1): for question in Question.allCases { print(question.rawValue) }
  case ("export", 3): try Export(Ledger(at: arguments[2], for: .reading), to: arguments[3]).run()
  case ("serve", 2...3):
    let mapBytes = arguments.count == 3 ? Int(arguments[3]) : 1 << 40
    guard let mapBytes else { fail("MAP-BYTES is no number") }
    let ledger = try Ledger(at: arguments[2], for: .reading, mapBytes: mapBytes)
    while let line = readLine() { say(try reply(to: line.split(separator: " ").map(String.init), ledger)) }
  default: fail("see main.swift for what it takes")
  }
} catch { fail("\(error)") }

/// Obeys one line.
func reply(to words: [String], _ ledger: Ledger) throws -> String {
  if words.count == 3, words[0] == "answer", let question = Question(rawValue: words[1]) {
    try question.writeAnswer(of: ledger, to: words[2])
    return "written"
  }
  if words.count == 3, words[0] == "one", let events = Int(words[1]), let rounds = Int(words[2]) {
    return try Latency(ledger, events: events, rounds: rounds).run()
  }
  guard words.count == 2, let question = Question(rawValue: words[0]), let threads = Int(words[1]), threads > 0 else {
    fail("no such question: \(words.joined(separator: " "))")
  }
  let began = Clock.monotonic
  try question.run(ledger, threads: threads)
  return "\(Double(Clock.monotonic - began) / 1e9)"
}
