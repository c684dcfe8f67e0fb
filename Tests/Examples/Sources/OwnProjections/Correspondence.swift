import RapportLedger

/// How much customers wrote to us and we to them, and when they last did.
struct Correspondence: StreamingProjection {
  static let name = "correspondence"
  static let version = 1

  let kinds: EventKindSet = [.messageReceived, .messageSent]
  let columns: ColumnSet = []

  struct Letters: BitwiseCopyable, Sendable, Equatable {
    var received: UInt32 = 0
    var sent: UInt32 = 0
    /// Nanoseconds since 1970; `Int64.min` if the customer never wrote.
    var lastReceived = Int64.min
  }

  var initialState: Letters { Letters() }

  func apply(_ event: History.Event, to letters: inout Letters) {
    if event.kind == .messageReceived {
      letters.received += 1
      letters.lastReceived = max(letters.lastReceived, event.time)
    } else {
      letters.sent += 1
    }
  }

  func finish(_ letters: Letters, into records: inout [Letters]) { records.append(letters) }

  func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Letters]) {
    var letters = initialState
    for index in history.events.indices { apply(history.events[index], to: &letters) }
    finish(letters, into: &records)
  }

  func digest(_ letters: Letters, into hasher: inout DigestHasher) {
    hasher.add(values: letters.received, letters.sent)
    hasher.add(letters.lastReceived)
  }
}
