/// The journeys of cases across subjects: `journey --per case`.
struct CaseJourney: View, PackedProjection {
  static let name = "journey-per-case"
  static let version = Journey.version
  static let question = Journey.question
  static let definition = Journey.definition
  let kinds = EventKindSet.interactions
  let columns = Journey.stepColumns
  let gathering = Gathering.cases

  func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    Journey().fold(history, scratch: &scratch, into: &facts)
  }
  func digest(_ fact: PackedFact, into hasher: inout DigestHasher) { Journey().digest(fact, into: &hasher) }
  func makeTally() -> Journey.Tally { Journey.Tally() }
  func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Journey.Tally, for query: ViewQuery) {
    Journey().add(records, of: person, to: &tally, for: query)
  }
  func rows(_ tally: Journey.Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    try Journey().rows(tally, for: query, names: names)
  }
}
