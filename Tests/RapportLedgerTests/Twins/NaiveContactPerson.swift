extension Twin {
  static let contactPerson = Twin(
    view: "contact-person",
    types: [
      "contactperson.assigned", "contactperson.assigned", "contactperson.introduced", "contactperson.ended",
      "order.placed", "note.added",
    ]
  ) { world in
    struct Customer {
      var employee: String?
      var isIntroduced: Bool
      var changes: Int
    }
    func isRecent(_ event: Naive.Event) -> Bool { event.time.plus(days: 365) >= world.query.now }
    let customers: [Customer] = world.people.compactMap { person in
      guard person.events.contains(where: { ($0.touch != nil || $0.type == "order.placed") && isRecent($0) }) else {
        return nil
      }
      let assignments = person.events.filter { $0.type == "contactperson.assigned" }
      let changes = zip(assignments, assignments.dropFirst()).filter { before, after in
        before.text("employee") != after.text("employee") && isRecent(after)
      }
      guard let last = person.events.lastIndex(where: { $0.type == "contactperson.assigned" }),
        !person.events[last...].contains(where: { $0.type == "contactperson.ended" })
      else { return Customer(employee: nil, isIntroduced: false, changes: changes.count) }
      return Customer(
        employee: person.events[last].text("employee"),
        isIntroduced: person.events[last...].contains { $0.type == "contactperson.introduced" }, changes: changes.count)
    }
    return Naive.Result(
      rows: world.rows(customers, by: \.employee) { group in
        let introduced = group.filter(\.isIntroduced).count
        return [
          "active": count(group.count), "assigned": count(group.filter { $0.employee != nil }.count),
          "introduced": count(introduced), "coverage_rate": rate(introduced, group.count),
          "changes_per_year": rate(group.reduce(0) { $0 + $1.changes }, group.count),
        ]
      })
  }
}
