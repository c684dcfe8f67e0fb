/// `advocacy`: customers exchange views, recommend, and complain in public.
public struct Advocacy: View {
  public static let name = "advocacy"
  public static let version = 1
  public static let question = "Who recommends us, does it lead anywhere, and what do customers say in public?"
  public static let definition = ViewDefinition(
    formula: """
      referrals: referral.made. converted_rate: referral.converted / referrals. depth_max: the longest chain of people of \
      whom each came by the one before: by the first converted referral in the window, else by the referrer named at \
      registration. mentions_positive: unsolicited mentions by customers with a sentiment above zero or a score in the top \
      40 % of its scale. went_public: cases that were followed by a mention of the customer within 30 days of their opening \
      while they were not resolved.
      """,
    unit: "referrals; people; mentions; cases", anchor: "referral.made, referral.converted, the mention, case.opened",
    exclusions: "not_a_customer: mentions by employees, bots or the paid", groupings: [],
    keys: ["referrals", "converted_rate", "depth_max", "mentions_positive", "went_public"])

  /// A referral made or converted, a mention, a case.
  public struct Sign: BitwiseCopyable, Sendable {
    var time: Int64
    /// Name number of the referrer's id; of `alias` the number of an id that is merged into the person.
    var referrer: UInt32 = 0
    var what: What

    enum What: UInt8, BitwiseCopyable { case made, converted, registered, positive, staff, wentPublic, alias }
  }

  /// All, to know the ids of merged people.
  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.object, .term, .code, .number, .number2, .scale, .marks, .actor)

  public struct Scratch { var cases = ScratchTable<(opened: Int64, isResolved: Bool, isPublic: Bool)>() }

  public func makeScratch(firm: Span<Sign>, names: borrowing Snapshot) -> Scratch { Scratch() }

  private static let mentionPeriod = 30 * nanosecondsPerDay

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Sign]) {
    scratch.cases.removeAll()
    var alias = history.customer
    for index in history.events.indices {
      let event = history.events[index]
      if event.customer != history.customer, event.customer != alias {
        alias = event.customer
        records.append(Sign(time: event.time, referrer: alias, what: .alias))
      }
      switch event.kind {
      case .referralMade: records.append(Sign(time: event.time, what: .made))
      case .referralConverted: records.append(Sign(time: event.time, referrer: event.term, what: .converted))
      case .customerRegistered where event.term != 0:
        records.append(Sign(time: event.time, referrer: event.term, what: .registered))
      case .caseOpened: _ = scratch.cases.index(of: event.object) { (event.time, false, false) }
      case .caseResolved, .caseReopened:
        guard let place = scratch.cases.index(of: event.object) else { continue }
        scratch.cases.values[place].isResolved = event.kind == .caseResolved
      case .mentionPublished:
        if event.isStaff {
          records.append(Sign(time: event.time, what: .staff))
          continue
        }
        if event.flagB == true, event.isPositive { records.append(Sign(time: event.time, what: .positive)) }
        publish(event.time, &scratch.cases)
      default: continue
      }
    }
    for entry in scratch.cases.values where entry.isPublic {
      records.append(Sign(time: entry.opened, what: .wentPublic))
    }
  }

  private func publish(_ time: Int64, _ cases: inout ScratchTable<(opened: Int64, isResolved: Bool, isPublic: Bool)>) {
    for index in cases.values.indices where !cases.values[index].isResolved {
      if elapsed(from: cases.values[index].opened, to: time) <= Self.mentionPeriod {
        cases.values[index].isPublic = true
      }
    }
  }

  public func digest(_ sign: Sign, into hasher: inout DigestHasher) {
    guard sign.what != .alias else { return }
    hasher.add(values: sign.time, sign.what.rawValue)
    hasher.add(name: sign.referrer)
  }

  public struct Tally {
    var made = 0, converted = 0, positive = 0, staff = 0, went = 0
    var referrers = Referrers()
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ signs: Span<Sign>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var converted: UInt32?
    var registered: UInt32?
    for index in signs.indices {
      let sign = signs[index]
      if sign.what == .alias { tally.referrers.merge(sign.referrer, into: person) }
      guard query.includes(sign.time) else { continue }
      switch sign.what {
      case .alias: continue
      case .made: tally.made += 1
      case .converted:
        tally.converted += 1
        if sign.referrer != 0 { converted = converted ?? sign.referrer }
      case .registered: registered = registered ?? sign.referrer
      case .positive: tally.positive += 1
      case .staff: tally.staff += 1
      case .wentPublic: tally.went += 1
      }
    }
    if let referrer = converted ?? registered { tally.referrers.add(person, by: referrer) }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let row = ViewRow([
      "referrals": .count(tally.made), "converted_rate": .rate(part: tally.converted, whole: tally.made),
      "depth_max": .count(try tally.referrers.depth(names)), "mentions_positive": .count(tally.positive),
      "went_public": .count(tally.went),
    ])
    return ViewRows([row], leftOut: ["not_a_customer": tally.staff])
  }
}
