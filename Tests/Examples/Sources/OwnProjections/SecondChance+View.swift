import RapportLedger

/// What is published of second chances: the share of complaints that were followed by an order in time.
extension SecondChance: View {
  static let question = "Do customers who complained order again?"
  static let definition = ViewDefinition(
    formula: """
      complaints: cases of kind complaint that were opened in the window. ordered_again: those of them whose customer placed \
      an order in the days after, as many as --within says. ordered_again_rate = ordered_again / complaints. days_p50: the \
      median of the whole days until that order.
      """,
    unit: "complaints; days", anchor: "case.opened", exclusions: "nothing", groupings: ["month"],
    keys: ["complaints", "ordered_again", "ordered_again_rate", "days_p50"],
    options: [ViewOption("within", .number(default: 90), "How many days later an order still counts.")])

  struct Counts {
    var complaints = 0
    var orderedAgain = 0
    var days = Percentiles()
  }

  private static let day: Int64 = 86_400_000_000_000

  func makeTally() -> Groups<Counts> { Groups(Counts()) }

  func add(_ chances: Span<Chance>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery) {
    for index in chances.indices where query.includes(chances[index].complained) {
      let chance = chances[index]
      let group: Group = query.grouping == "month" ? .month(query.month(of: chance.complained)) : .all
      groups[group].complaints += 1
      guard let days = chance.orderedAgain.map({ ($0 - chance.complained) / Self.day }),
        Double(days) <= query.number("within", default: 90)
      else { continue }
      groups[group].orderedAgain += 1
      groups[group].days.add(days)
    }
  }

  func rows(_ groups: Groups<Counts>, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows = try groups.rows(by: query.grouping, names) { counts in
      [
        "complaints": .count(counts.complaints), "ordered_again": .count(counts.orderedAgain),
        "ordered_again_rate": .rate(part: counts.orderedAgain, whole: counts.complaints),
        "days_p50": counts.days(50).map { .count(Int($0)) } ?? .none,
      ]
    }
    return ViewRows(rows)
  }
}
