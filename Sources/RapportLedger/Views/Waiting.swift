/// How long the customer of a case waited for us or for a third, so far.
///
/// Waiting for us begins with each opening; it ends when the case is resolved or closed.
struct Waiting: BitwiseCopyable, Sendable {
  /// Nanoseconds that are over.
  private(set) var waited: Int64 = 0
  /// Since when the customer is waiting now; `Int64.max`: not now.
  private(set) var since = Int64.max
  private var isOver = false

  /// Takes the next event of the case.
  mutating func apply(_ event: History.Event) {
    switch event.kind {
    case .caseOpened, .caseReopened:
      isOver = false
      set(true, at: event.time)
    // On us, on the customer, on a third.
    case .caseWaiting: if !isOver { set(event.code == 1 || event.code == 3, at: event.time) }
    case .caseResolved, .caseClosed:
      isOver = true
      set(false, at: event.time)
    default: return
    }
  }

  private mutating func set(_ isWaiting: Bool, at time: Int64) {
    if isWaiting {
      if since == .max { since = time }
    } else if since != .max {
      waited = saturatingSum(waited, elapsed(from: since, to: time))
      since = .max
    }
  }

  /// Nanoseconds up to a time.
  func total(at time: Int64) -> Int64 {
    saturatingSum(waited, since == .max ? 0 : max(0, elapsed(from: since, to: time)))
  }
}
