import Foundation

/// A second opinion: the views computed in the plainest way from decoded events, after the words of the contract and not
/// after the library's code. Slow, obvious, and in floating point only where the answer is.
enum Naive {
  /// One decoded event, as far as the views need it.
  struct Event {
    var type: String
    var customer: String
    var time: Time
    var source: String
    var id: String
    var sequence: String?
    var attributes: JSON
    var data: JSON
  }

  /// Seconds since 1970 and nanoseconds.
  struct Time: Comparable {
    var seconds: Int
    var nanoseconds: Int

    static func < (a: Time, b: Time) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }

    func plus(days: Int) -> Time { Time(seconds: seconds + days * 86_400, nanoseconds: nanoseconds) }

    /// Whole seconds from another time to this one, floored.
    func seconds(since other: Time) -> Int {
      seconds - other.seconds - (nanoseconds < other.nanoseconds ? 1 : 0)
    }

    private static let utc: Calendar = {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = TimeZone(secondsFromGMT: 0)!
      return calendar
    }()

    var month: String {
      let parts = Self.utc.dateComponents([.year, .month], from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      return String(format: "%04d-%02d", parts.year!, parts.month!)
    }

    /// `2025-03-01T08:00:00.5Z`, as the generator and the specifications write it.
    init(_ text: String) {
      let fraction = text.dropFirst(19).dropLast()
      let parts = text.prefix(19).split { !$0.isNumber }.map { Int($0)! }
      let date = Self.utc.date(
        from: DateComponents(
          year: parts[0], month: parts[1], day: parts[2], hour: parts.count > 3 ? parts[3] : 0,
          minute: parts.count > 3 ? parts[4] : 0, second: parts.count > 3 ? parts[5] : 0))!
      precondition(text.count == 10 || text.hasSuffix("Z"), "the naive reader knows only UTC")
      seconds = Int(date.timeIntervalSince1970)
      nanoseconds = fraction.isEmpty ? 0 : Int((String(fraction.dropFirst()) + "00000000").prefix(9))!
    }

    init(seconds: Int, nanoseconds: Int) {
      self.seconds = seconds
      self.nanoseconds = nanoseconds
    }
  }

  /// All types in the order of the vocabulary, as the contract lists them.
  static let vocabulary = [
    "customer.registered", "customer.updated", "customer.lost", "customer.returned", "role.assumed", "role.ended",
    "identity.linked", "identity.unlinked", "customer.merged", "customer.unmerged", "contactperson.assigned",
    "contactperson.introduced", "contactperson.ended", "message.received", "message.sent", "contact.attempted",
    "meeting.held", "note.added", "access.failed", "help.requested", "handoff.requested", "handoff.done",
    "case.opened", "case.assigned", "case.replied", "case.waiting", "case.resolved", "resolution.confirmed",
    "resolution.denied", "case.reopened", "case.closed", "case.escalated", "selfservice.started",
    "selfservice.completed", "selfservice.abandoned", "answer.given", "answer.rated", "need.recorded",
    "understanding.confirmed", "goal.declared", "goal.progressed", "goal.achieved", "goal.dropped", "value.stated",
    "wish.expressed", "wish.fulfilled", "wish.declined", "offer.made", "offer.accepted", "offer.declined",
    "decision.made", "search.performed", "product.viewed", "reorder.used", "order.placed", "order.changed",
    "order.cancelled", "order.shipped", "order.delivered", "order.delivery_failed", "order.returned",
    "order.refunded", "payment.received", "payment.reminded", "invoice.issued", "price.explained", "cost.booked",
    "contract.started", "contract.renewed", "contract.cancelled", "survey.sent", "survey.answered",
    "feedback.received", "feedback.acknowledged", "feedback.acted", "feedback.answered", "review.published",
    "mention.published", "referral.made", "referral.converted", "selfassessment.recorded", "campaign.sent",
    "ad.shown", "content.sent", "content.rated", "topic.subscribed", "topic.unsubscribed", "promise.made",
    "promise.kept", "promise.broken", "action.taken", "action.exposed", "friction.experienced", "formality.imposed",
    "apology.made", "recovery.offered", "recovery.accepted", "touchpoint.registered", "touchpoint.retired",
    "journey.walked", "employee.joined", "employee.left", "initiative.proposed", "initiative.approved",
    "initiative.rejected", "initiative.launched", "initiative.measured", "advocate.objected", "advocate.overruled",
    "target.set", "purpose.declared", "notice.published", "consent.given", "consent.refused", "consent.withdrawn",
    "consent.expired", "objection.raised", "objection.lifted", "restriction.set", "restriction.lifted",
    "request.received", "request.extended", "request.fulfilled", "request.refused", "erasure.executed",
    "data.collected", "data.used", "data.read", "data.disclosed", "disclosure.made", "request.made", "import.batch",
    "event.corrected", "event.retracted",
  ]

  private static let ranks = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })

  static func precedes(_ a: Event, _ b: Event) -> Bool {
    if a.time != b.time { return a.time < b.time }
    let (left, right) = (ranks[a.type] ?? .max, ranks[b.type] ?? .max)
    if left != right { return left < right }
    let (first, second) = (Array((a.sequence ?? "").utf8), Array((b.sequence ?? "").utf8))
    if first.count != second.count { return first.count < second.count }
    if first != second { return first.lexicographicallyPrecedes(second) }
    if a.source != b.source { return a.source.utf8.lexicographicallyPrecedes(b.source.utf8) }
    return a.id.utf8.lexicographicallyPrecedes(b.id.utf8)
  }

  static func text(_ value: Double?) -> String {
    guard let value else { return "null" }
    return String(format: "%.6f", (value * 1_000_000).rounded() / 1_000_000)
  }

  static func percentile(_ values: [Int], _ percent: Double) -> Int? {
    guard !values.isEmpty else { return nil }
    return values.sorted()[Int((percent / 100 * Double(values.count)).rounded(.up)) - 1]
  }

  /// Rows by group, ordered by their bytes, those without a group last.
  static func ordered(_ groups: some Collection<String?>) -> [String?] {
    groups.sorted { a, b in
      guard let a else { return false }
      guard let b else { return true }
      return a.utf8.lexicographicallyPrecedes(b.utf8)
    }
  }
}

/// What both sides print of a row: keys and values as text, numbers with six decimals.
func comparable(_ rows: [JSON], keys: [String]) -> [String] {
  rows.map { row in
    keys.map { key in
      let value: String =
        switch row[key] {
        case .number(let text): Naive.text(Double(text))
        case .object(let members):
          members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.line)" }.joined(separator: ",")
        case let value: value?.line ?? "null"
        }
      return "\(key)=\(value)"
    }.joined(separator: " ")
  }
}
