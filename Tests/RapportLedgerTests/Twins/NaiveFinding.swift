extension Twin {
  static let finding = Twin(view: "finding", types: ["search.performed", "reorder.used", "order.placed"]) { world in
    var lines = 0
    var repeats = 0
    var again = 0
    var searches = 0
    var empty = 0
    for person in world.people {
      for (index, event) in person.events.enumerated() where world.query.holds(event.time) {
        if event.type == "search.performed", let results = event.number("results") {
          searches += 1
          if results == 0 { empty += 1 }
        }
        guard event.type == "order.placed" else { continue }
        let before = person.events[..<index]
        let isRecent = { (other: Naive.Event) in other.time.plus(days: 1) >= event.time }
        let searched = before.contains { search in
          search.type == "search.performed"
            && (isRecent(search)
              || (search.text("session") != nil && search.text("session") == event.attribute("correlationid")))
        }
        for line in event.data["lines"]?.elements ?? [] {
          lines += 1
          let sku = line["sku"]!
          let isRepeat = before.contains { order in
            order.type == "order.placed" && order.data["order"] != event.data["order"]
              && (order.data["lines"]?.elements ?? []).contains { $0["sku"] == sku }
          }
          guard isRepeat else { continue }
          repeats += 1
          let reordered = before.contains { $0.type == "reorder.used" && $0.data["sku"] == sku && isRecent($0) }
          if searched, !reordered { again += 1 }
        }
      }
    }
    return Naive.Result(rows: [
      [
        "lines": count(lines), "repeat_lines": count(repeats), "re_searched": count(again),
        "re_search_rate": rate(again, repeats), "zero_result_rate": rate(empty, searches),
      ]
    ])
  }
}
