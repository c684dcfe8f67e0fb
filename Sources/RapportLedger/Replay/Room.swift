/// Room for numbers that are written anew for each chunk: it grows to the largest need and is never initialised.
struct Room<Element: BitwiseCopyable>: ~Copyable {
  private(set) var start: UnsafeMutablePointer<Element>
  private(set) var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = capacity
    start = .allocate(capacity: capacity)
  }

  deinit { start.deallocate() }

  /// Makes room for `count` elements; the first `kept` of those that are there stay.
  mutating func reserve(_ count: Int, keeping kept: Int = 0) {
    guard count > capacity else { return }
    let grown = max(count, capacity * 2)
    let next = UnsafeMutablePointer<Element>.allocate(capacity: grown)
    if kept > 0 { next.update(from: start, count: kept) }
    start.deallocate()
    start = next
    capacity = grown
  }
}
