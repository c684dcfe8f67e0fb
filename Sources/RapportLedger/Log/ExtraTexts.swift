import Synchronization

/// Texts that only the content of events names – the value that a correction sets, the id that a customer was merged
/// into – with numbers behind those of the log. They live as long as the snapshot.
///
/// The numbers depend on the order of asking and mean nothing outside of one snapshot; digests use the texts.
final class ExtraTexts: @unchecked Sendable {
  private let first: UInt32
  /// Each text has memory of its own, which never moves. Touched only under the lock.
  private var texts: [UnsafeBufferPointer<UInt8>] = []
  private var numbers: [[UInt8]: UInt32] = [:]
  private let lock = Lock()

  /// - Parameter first: the number of the first of them.
  init(first: UInt32) { self.first = first }

  deinit { for text in texts { text.deallocate() } }

  var count: Int { lock.withLock { texts.count } }

  func number(of text: [UInt8]) -> UInt32 {
    lock.withLock {
      if let known = numbers[text] { return known }
      let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(text.count, 1))
      _ = copy.initialize(from: text)
      texts.append(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(copy)[..<text.count]))
      let number = first + UInt32(texts.count - 1)
      numbers[text] = number
      return number
    }
  }

  func knownNumber(of text: [UInt8]) -> UInt32? { lock.withLock { numbers[text] } }

  /// - Returns: nil for a number that is none of theirs.
  func text(_ number: UInt32) -> UnsafeBufferPointer<UInt8>? {
    guard number >= first else { return nil }
    return lock.withLock { Int(number - first) < texts.count ? texts[Int(number - first)] : nil }
  }
}
