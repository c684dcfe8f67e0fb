import RapportLedger

/// The customer's card as a page that a support person reads at a glance.
enum CardPage {
  static func page(of card: JSONValue) -> Page {
    let asOf = card["as_of"]?.string ?? ""
    let now = nanoseconds(asOf) ?? Clock.now
    let position = card["position"]?.int ?? 0
    var page = Page(
      "customer", Rich(card["customer"]?.string ?? "", .bold),
      aside: Rich("as of \(Human.time(asOf)), position \(Human.count(position))", .dim))
    if card["erased"] == .bool(true) { page.add("erased", Rich("what was personal is gone", .warning)) }
    page.add("also known as", strings(card["merged"]))
    page.add("kind", kind(card))
    page.add("roles", strings(card["roles"]))
    page.add("looked after by", contactPerson(card["contact_person"]))
    page.add("in touch", touches(card, now))
    page.add("open", open(card))
    page.add("orders", orders(card, now))
    page.add("revenue", amounts(card["revenue"]))
    page.add("contribution", amounts(card["contribution"]))
    page.add("satisfaction", satisfaction(card["satisfaction"], now))
    page.add("consent", consents(card["consent"]))
    page.add("traits", traits(card["traits"]), isList: true)
    page.add("contradictions", contradictions(card["contradictions"]), isList: true)
    return page
  }

  private static func kind(_ card: JSONValue) -> [Rich] {
    switch card["kind"]?.string {
    case "b2c"?: [Rich("private customer")]
    case "b2b"?: [Rich("business customer")]
    case let kind?: [Rich(kind)]
    case nil: []
    }
  }

  private static func contactPerson(_ person: JSONValue?) -> [Rich] {
    guard let employee = person?["employee"]?.string else { return [] }
    let isIntroduced = person?["introduced"] == .bool(true)
    return [Rich(employee), isIntroduced ? Rich("introduced", .good) : Rich("the customer was not told", .warning)]
  }

  private static func touches(_ card: JSONValue, _ now: Int64) -> [Rich] {
    func touch(_ label: String, _ key: String) -> Rich {
      guard let text = card[key]?.string, let time = nanoseconds(text) else { return Rich() }
      return Rich(label + " ", .dim) + Rich(Human.time(text)) + Rich(" (\(Human.age(time, at: now)))", .dim)
    }
    return [touch("since", "first_touch"), touch("last in", "last_touch_in"), touch("last out", "last_touch_out")]
      + [Rich(Human.count(card["events"]?.int ?? 0, "event"))]
  }

  private static func open(_ card: JSONValue) -> [Rich] {
    let plurals = ["enquiry": "enquiries"]
    var items = (card["open_cases"]?.members ?? []).map { member in
      let count = member.value.int ?? 0
      let noun = count == 1 ? member.key : plurals[member.key] ?? member.key + "s"
      return Rich("\(Human.count(count)) \(noun)", member.key == "complaint" ? .bad : .warning)
    }
    if let promises = card["open_promises"]?.int, promises > 0 {
      items.append(Rich(Human.count(promises, "promise"), .warning))
    }
    return items.isEmpty ? [Rich("nothing", .good)] : items
  }

  private static func orders(_ card: JSONValue, _ now: Int64) -> [Rich] {
    guard let count = card["orders"]?.int, count > 0 else { return [Rich("none", .dim)] }
    let perfect = card["perfect_orders"]?.int ?? 0
    var items = [Rich(Human.count(count)), Rich("\(Human.count(perfect)) perfect", perfect == count ? .good : .plain)]
    if let text = card["last_order"]?.string, let time = nanoseconds(text) {
      items.append(Rich("last ", .dim) + Rich(Human.time(text)) + Rich(" (\(Human.age(time, at: now)))", .dim))
    }
    return items
  }

  private static func amounts(_ money: JSONValue?) -> [Rich] {
    (money?.members ?? []).map { Rich("\($0.value.plainText) \($0.key)") }
  }

  private static func satisfaction(_ kinds: JSONValue?, _ now: Int64) -> [Rich] {
    (kinds?.members ?? []).map { member in
      var text = Rich(member.key + " ", .dim) + Rich(member.value["score"]?.text ?? "")
      if let scale = member.value["scale"]?.int { text += Rich(" of \(scale)") }
      if let time = member.value["time"]?.string.flatMap(nanoseconds) {
        text += Rich(" (\(Human.age(time, at: now)))", .dim)
      }
      return text
    }
  }

  private static func consents(_ consent: JSONValue?) -> [Rich] {
    (consent?.members ?? []).map { member in
      let state = member.value.plainText
      return Rich(member.key + " ", .dim) + Rich(state, state == "given" ? .good : .bad)
    }
  }

  private static func traits(_ traits: JSONValue?) -> [Rich] {
    let members = traits?.members ?? []
    let names = members.reduce(0) { max($0, TerminalText.width($1.key)) }
    return members.map { member in
      let when = member.value["when"]?.string.map { ", " + $0.prefix(10) } ?? ""
      return Rich(member.key + " ", .dim).padded(to: names + 1) + Rich(member.value["value"]?.plainText ?? "")
        + Rich("  \(member.value["basis"]?.plainText ?? "")\(when)", .dim)
    }
  }

  private static func contradictions(_ list: JSONValue?) -> [Rich] {
    (list?.elements ?? []).map { item in
      Rich(item["field"]?.plainText ?? "", .warning) + Rich(": says ") + Rich(item["declared"]?.plainText ?? "")
        + Rich(", seems ") + Rich(item["inferred"]?.plainText ?? "")
    }
  }

  private static func strings(_ list: JSONValue?) -> [Rich] { (list?.elements ?? []).map { Rich($0.plainText) } }

  private static func nanoseconds(_ rfc3339: String) -> Int64? {
    let text = Array(rfc3339.utf8)
    return (try? Timestamp.parse(text.span))?.nanoseconds
  }
}
