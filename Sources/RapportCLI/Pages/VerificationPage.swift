import RapportLedger

/// What `rapport verify` shows.
enum VerificationPage {
  /// - Parameter former: the digest that the log was compared with.
  static func page(of verification: Verification, path: String, against former: LogDigest? = nil) -> Page {
    let isSound = verification.isSound
    var page = Page("ledger", Rich(path, .bold))
    page.add("verified", Rich(isSound ? "sound" : "damaged", isSound ? .good : .bad))
    page.add("position", Rich(Human.count(verification.position)))
    page.add("events checked", Rich(Human.count(verification.checkedEvents)))
    page.add("digest", Rich(verification.digest?.description ?? "none: not all events can be read"))
    if let former, isSound {
      let events = Human.count(former.position, "event")
      page.add("compared", Rich("the first \(events) are those that the digest was taken of", .good))
    }
    return page
  }

  static func damage(in verification: Verification) -> Table {
    var table = Table([.init("damage"), .init("position", isRight: true), .init("detail")])
    for damage in verification.damage {
      table.append([
        Rich(damage.kind.rawValue, .bad), Rich(damage.position == 0 ? "" : "\(damage.position)"), Rich(damage.detail),
      ])
    }
    return table
  }
}
