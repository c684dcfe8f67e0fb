public import RapportLedger

/// What was asked and answered, by customer: a narrow question, of types that are about every twentieth event.
public struct SurveyTotals: StreamingProjection {
  public static let name = "survey-totals"
  public static let version = 1

  public let kinds: EventKindSet = [.surveySent, .surveyAnswered, .reviewPublished]
  public let columns = ColumnSet(.number, .marks)

  public init() {}

  public struct Totals: BitwiseCopyable, Sendable {
    /// Sum of the scores of answers, in millionths.
    public var score: Int64 = 0
    public var sent: UInt32 = 0
    public var answered: UInt32 = 0
    /// Answers with a score.
    public var scored: UInt32 = 0
    public var reviews: UInt32 = 0
  }

  public var initialState: Totals { Totals() }

  @inline(__always)
  public func apply(_ event: History.Event, to totals: inout Totals) {
    let (isSent, isAnswer) = (event.kind == .surveySent, event.kind == .surveyAnswered)
    let isScored = isAnswer && event.hasNumber
    totals.sent &+= isSent ? 1 : 0
    totals.answered &+= isAnswer ? 1 : 0
    totals.scored &+= isScored ? 1 : 0
    totals.score &+= isScored ? event.number : 0
    totals.reviews &+= isSent || isAnswer ? 0 : 1
  }

  public func finish(_ totals: Totals, into records: inout [Totals]) { records.append(totals) }

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Totals]) {
    var totals = Totals()
    for index in history.events.indices { apply(history.events[index], to: &totals) }
    records.append(totals)
  }

  public func digest(_ totals: Totals, into hasher: inout DigestHasher) {
    hasher.add(totals.score)
    hasher.add(values: totals.sent, totals.answered, totals.scored, totals.reviews)
  }
}
