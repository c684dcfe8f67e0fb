import RapportLedger

/// Whether customers who complained ordered again, and when.
struct SecondChance: Projection {
  static let name = "second-chance"
  static let version = 1

  let kinds: EventKindSet = [.caseOpened, .orderPlaced]
  let columns = ColumnSet(.code)

  /// One complaint.
  struct Chance: BitwiseCopyable, Sendable, Equatable {
    /// Nanoseconds since 1970.
    var complained: Int64
    /// When the next order was placed; nil if none was.
    var orderedAgain: Int64?
  }

  /// `kind` of `case.opened`: enquiry 1, concern 2, complaint 3.
  private static let complaint: UInt8 = 3

  func fold(_ history: borrowing History, scratch: inout Void, into chances: inout [Chance]) {
    var waiting = chances.count
    for index in history.events.indices {
      let event = history.events[index]
      if event.kind == .caseOpened {
        if event.code == Self.complaint { chances.append(Chance(complained: event.time)) }
      } else {
        for chance in waiting..<chances.count { chances[chance].orderedAgain = event.time }
        waiting = chances.count
      }
    }
  }

  func digest(_ chance: Chance, into hasher: inout DigestHasher) {
    hasher.add(chance.complained)
    hasher.add(chance.orderedAgain != nil)
    hasher.add(chance.orderedAgain ?? 0)
  }
}
