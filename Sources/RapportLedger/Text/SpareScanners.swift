import Synchronization

/// Scanners for single texts, which take longer to make than to use.
enum SpareScanners {
  private final class Box: Sendable {
    // Lent to one thread at a time.
    nonisolated(unsafe) var scanner = JSONScanner(lineBytesMax: JSONScanner.lineBytesLimit)
  }

  private static let spare = Mutex<[Box]>([])
  private static let countMax = 8
  /// A scanner that has read a longer text keeps more memory than it is worth.
  private static let lineBytesMax = 1 << 16

  /// Lends a scanner for texts of up to so many bytes.
  static func withScanner<R>(lineBytes: Int, _ body: (inout JSONScanner) -> R) -> R {
    let box = spare.withLock { $0.popLast() } ?? Box()
    defer {
      if lineBytes <= lineBytesMax { spare.withLock { if $0.count < countMax { $0.append(box) } } }
    }
    return body(&box.scanner)
  }
}
