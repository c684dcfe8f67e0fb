import Foundation

/// How much is tried: little with every `swift test`, much with `RAPPORT_PROOF=release`.
enum ProofSize {
  static let isRelease = ProcessInfo.processInfo.environment["RAPPORT_PROOF"] == "release"

  static let kills = isRelease ? 5_000 : 100
  static let images = isRelease ? 20_000 : 500
  /// Without it at least as many: every call fails in four ways while a ledger comes into being.
  static let faults = isRelease ? 2_000 : 200
  static let fullDisks = isRelease ? 200 : 6
}

/// Does something for each number, several at a time.
///
/// - Parameter body: what is wrong, in words.
/// - Returns: all that is wrong, each with its number.
func findings(_ numbers: Range<Int>, _ body: @Sendable @escaping (Int) throws -> [String]) -> [String] {
  nonisolated(unsafe) var all: [(Int, String)] = []
  nonisolated(unsafe) var next = numbers.lowerBound
  let lock = NSLock()
  DispatchQueue.concurrentPerform(iterations: min(2, max(1, numbers.count))) { _ in
    while true {
      let number = lock.withLock {
        defer { next += 1 }
        return next
      }
      guard number < numbers.upperBound else { return }
      let found: [String]
      do { found = try body(number) } catch { found = ["\(error)"] }
      lock.withLock { all += found.map { (number, $0) } }
    }
  }
  return all.sorted { $0.0 < $1.0 }.map { "\($0.0): \($0.1)" }
}
