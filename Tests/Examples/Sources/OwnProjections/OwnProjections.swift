import RapportLedger

/// `swift run --package-path Tests/Examples OwnProjections LEDGER`
@main
struct OwnProjections {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else { return print("usage: OwnProjections LEDGER") }
    let ledger = try Ledger(at: CommandLine.arguments[1], for: .reading)
    try ledger.read { snapshot in
      try report(on: snapshot)
    }
  }

  static func report(on snapshot: borrowing Snapshot) throws {
    let replay = Replay()
    let chances = try replay.run(SecondChance(), over: snapshot).records
    let again = chances.filter { $0.orderedAgain != nil }.count
    print("\(again) of \(chances.count) complaints were followed by an order")

    let letters = try replay.run(Correspondence(), over: snapshot)
    var unanswered: [UInt32] = []
    letters.forEach { customer, records in
      if records[0].received > 0, records[0].sent == 0 { unanswered.append(customer) }
    }
    print("\(unanswered.count) of \(letters.people.count) customers wrote and never got a message")
    for customer in unanswered.prefix(3) { print("  \(try snapshot.subject(customer))") }

    let answer = try SecondChance().answer(ViewQuery(grouping: "month"), over: snapshot)
    print(answer.json.text)
  }
}
