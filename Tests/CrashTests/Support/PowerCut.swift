import Foundation

/// Cuts the power at some call of a recording, and looks at what the disk may hold then.
struct PowerCut {
  let recorded: Recorded
  /// The recording, or what a broken program would have left.
  var trace: Trace

  init(_ recorded: Recorded, breaking change: ((Trace) -> Trace)? = nil) {
    self.recorded = recorded
    trace = change?(recorded.trace) ?? recorded.trace
  }

  /// - Parameter number: chooses the call and what is lost; the same number, the same image.
  /// - Returns: what is broken, in words.
  func violations(number: Int) throws -> [String] {
    var random = SeededGenerator(seed: UInt64(number))
    let cut = number % (trace.calls.count + 1)
    var disk = recorded.before
    for call in trace.calls[..<cut] { try disk.apply(call) }
    // A call may have been under way.
    if cut < trace.calls.count, Bool.random(using: &random) { try disk.apply(trace.calls[cut], isDone: false) }
    let scratch = try Scratch()
    try disk.writeImage(to: scratch.path, &random)
    let (said, next) = trace.acknowledgements(around: cut)
    var check = LedgerCheck(stream: recorded.stream)
    check.acknowledged = said
    check.positions = [said?.position ?? 0, next?.position ?? recorded.stream.eventCount]
    return try check.violations(at: scratch.ledger).map { "\($0) [cut before call \(cut) of \(trace.calls.count)]" }
  }
}
