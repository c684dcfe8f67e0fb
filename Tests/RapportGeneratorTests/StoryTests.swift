import Foundation
import RapportGenerator
import Testing

/// That the stories hang together.
@Suite struct StoryTests {
  let stream: [Event]

  init() throws {
    stream = try events(small(events: 8000, customers: 400, days: 60))
  }

  /// The time of the first event of a type for each value of a field.
  private func first(_ type: String, by field: String) -> [String: String] {
    var times: [String: String] = [:]
    for event in stream where event.type == type {
      guard let key = event.data[field] as? String else { continue }
      times[key] = min(times[key] ?? event.time, event.time)
    }
    return times
  }

  @Test(arguments: [
    ("order.placed", "order.shipped", "order"), ("order.shipped", "order.delivered", "order"),
    ("order.delivered", "order.returned", "order"), ("order.placed", "order.cancelled", "order"),
    ("order.placed", "payment.received", "order"), ("order.placed", "order.changed", "order"),
    ("case.opened", "case.assigned", "case"), ("case.opened", "case.replied", "case"),
    ("case.replied", "case.resolved", "case"), ("case.resolved", "resolution.confirmed", "case"),
    ("survey.sent", "survey.answered", "survey"), ("feedback.received", "feedback.acted", "feedback"),
    ("offer.made", "offer.accepted", "offer"), ("promise.made", "promise.kept", "promise"),
    ("goal.declared", "goal.achieved", "goal"), ("friction.experienced", "apology.made", "friction"),
    ("request.received", "request.fulfilled", "request"), ("selfservice.started", "selfservice.completed", "run"),
    ("action.taken", "action.exposed", "action"), ("initiative.proposed", "initiative.launched", "initiative"),
  ])
  func whatFollowsHasABeginning(before: String, after: String, field: String) {
    let begun = first(before, by: field)
    let followed = first(after, by: field)
    #expect(!followed.isEmpty)
    for (key, time) in followed {
      #expect(begun[key].map { $0 < time } == true, "\(after) \(key)")
    }
  }

  @Test func customersRegisterBeforeAnythingElseHappensToThem() {
    var registered: [String: String] = [:]
    for event in stream where event.type == "customer.registered" {
      #expect(registered.updateValue(event.time, forKey: event.subject ?? "") == nil)
    }
    for event in stream where event.type != "customer.registered" {
      guard let subject = event.subject else { continue }
      #expect(registered[subject].map { $0 < event.time } == true, "\(event.type) of \(subject)")
    }
  }

  @Test func theRevenueOfAnOrderIsTheSumOfItsLines() throws {
    for event in stream where event.type == "order.placed" {
      guard let revenue = event.data["revenue"] as? String else { continue }
      let lines = try #require(event.data["lines"] as? [[String: Any]])
      var cents = -hundredths(event.data["discount"] as? String ?? "0.00")
      for line in lines {
        cents += hundredths(line["price"] as? String ?? "") * (line["quantity"] as? Int ?? 0)
      }
      #expect(hundredths(revenue) == cents)
      #expect((1...4).contains(lines.count))
    }
  }

  @Test func aCaseIsAboutTheOrderOfItsOwnCustomer() {
    var owners: [String: String] = [:]
    for event in stream where event.type == "order.placed" {
      owners[event.data["order"] as? String ?? ""] = event.subject
    }
    for event in stream where event.type == "case.opened" {
      guard let order = event.data["order"] as? String else { continue }
      #expect(owners[order] == event.subject)
    }
  }

  @Test func causesAreEventsOfTheStreamThatHappenedBefore() {
    let times = Dictionary(uniqueKeysWithValues: stream.map { ($0.id, $0.time) })
    for event in stream {
      guard let cause = event.attributes["causationid"] as? String else { continue }
      #expect(times[cause].map { $0 < event.time } == true)
    }
  }

  @Test func timeDoesNotDecreaseButForTheFewThatAreLate() {
    var latest = ""
    var late = 0
    for event in stream {
      if event.time < latest { late += 1 } else { latest = event.time }
    }
    #expect((40...320).contains(late), "\(late)")
  }

  @Test func theStreamFillsItsDaysAndNoMore() {
    let days = Set(stream.map { $0.time.prefix(10) })
    #expect(days.count == 60)
    // Day 20,089 is the first of January 2025.
    #expect(days.min() == "2025-01-01" && days.max() == "2025-03-01")
  }

  @Test func someCustomersHaveManyEventsAndManyHaveFew() {
    var counts: [String: Int] = [:]
    for event in stream { if let subject = event.subject { counts[subject, default: 0] += 1 } }
    let sorted = counts.values.sorted(by: >)
    #expect(sorted[0] > 5 * sorted[sorted.count / 2])
    #expect(sorted[0] < stream.count / 25)
    #expect(sorted.prefix(sorted.count / 10).reduce(0, +) > stream.count / 3)
  }

  private func hundredths(_ money: String) -> Int {
    Int(money.replacing(".", with: "")) ?? 0
  }
}
