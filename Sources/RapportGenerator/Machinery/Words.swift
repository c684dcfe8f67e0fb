/// A fixed table of words. A word that is more frequent is written more than once.
///
/// The table points into memory that is allocated once and never freed, as tables live as long as the process. So a
/// look-up touches no reference count, which an array of strings would.
struct Words: ExpressibleByArrayLiteral, @unchecked Sendable {
  private let base: UnsafePointer<StaticString>
  let count: Int

  init(arrayLiteral words: StaticString...) {
    precondition(!words.isEmpty, "A table of words needs a word.")
    let memory = UnsafeMutablePointer<StaticString>.allocate(capacity: words.count)
    for (index, word) in words.enumerated() {
      (memory + index).initialize(to: word)
    }
    base = UnsafePointer(memory)
    count = words.count
  }

  @inline(__always)
  subscript(_ index: Int) -> StaticString {
    assert(index >= 0 && index < count)
    return base[index]
  }
}
