/// `retargeting`: the retargeting hell – ads for what was just bought.
public struct Retargeting: View {
  public static let name = "retargeting"
  public static let version = 1
  public static let question = "How many ads show customers what they have just bought, or were not asked for?"
  public static let definition = ViewDefinition(
    formula: """
      An ad is for its sku, else for its group. It is wasted if the customer ordered that in the 180 days before and does \
      not need it again yet: if the time is before the last order + 0.8 × the median of the customer's own intervals \
      between orders of it so far, or if there was only one order. An ad for nothing in particular is never wasted. \
      without_consent: shown when `rapport may` said no to its purpose. max_per_customer_day: the most ads that one \
      customer was shown on one day.
      """,
    unit: "ads", anchor: "ad.shown", exclusions: "nothing", groupings: [],
    keys: ["ads", "wasted", "wasted_rate", "without_consent", "max_per_customer_day"])

  /// An ad, or something that the firm declared.
  public struct Ad: BitwiseCopyable, Sendable {
    var time: Int64
    var isWasted = false
    var isWithoutConsent = false
    var declaration: Declarations.Declaration?
  }

  public init() {}

  public let kinds = ConsentBook.kinds.union(Declarations.kinds).union([.adShown, .orderPlaced])
  public let columns = ConsentBook.columns.union(ColumnSet(.code))
  public let readsLines = true
  public let readsFirm = true

  /// The last order of something.
  struct Purchase {
    var order: Int
    var time: Int64
    /// The interval before it, among those of the person.
    var interval: Int?
  }

  public struct Scratch {
    var declarations = Declarations()
    var book = ConsentBook()
    /// What was ordered, by sku and by group; groups have the 33rd bit set.
    var bought = ScratchTable<Purchase>()
    /// Between orders of the same; each knows the one before.
    var intervals: [(length: Int64, before: Int?)] = []
    var own = Percentiles()
  }

  public func makeScratch(firm: Span<Ad>, names: borrowing Snapshot) -> Scratch {
    var scratch = Scratch()
    for index in firm.indices {
      if let declaration = firm[index].declaration { scratch.declarations.add(declaration) }
    }
    return scratch
  }

  private static let groupBit: UInt64 = 1 << 32
  private static let recentPeriod = 180 * nanosecondsPerDay

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Ad]) {
    guard history.customer != 0 else {
      for index in history.events.indices {
        guard let declaration = Declarations.Declaration(history.events[index]) else { continue }
        records.append(Ad(time: declaration.time, declaration: declaration))
      }
      return
    }
    scratch.book.removeAll()
    scratch.bought.removeAll()
    scratch.intervals.removeAll(keepingCapacity: true)
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .orderPlaced: buy(history.lines(of: index), order: index, event.time, &scratch)
      case .adShown:
        let what = event.term != 0 ? UInt64(event.term) : event.term3 != 0 ? UInt64(event.term3) | Self.groupBit : 0
        let verdict = scratch.book.may(event.term2, at: event.time, scratch.declarations)
        records.append(
          Ad(
            time: event.time, isWasted: what != 0 && isWasted(what, event.time, &scratch),
            isWithoutConsent: !verdict.isAllowed))
      default: scratch.book.apply(event)
      }
    }
  }

  private func buy(_ lines: Span<OrderLine>, order: Int, _ time: Int64, _ scratch: inout Scratch) {
    for index in lines.indices {
      let line = lines[index]
      buy(UInt64(line.sku), order: order, time, &scratch)
      if line.group != 0 { buy(UInt64(line.group) | Self.groupBit, order: order, time, &scratch) }
    }
  }

  /// Counts once an order.
  private func buy(_ what: UInt64, order: Int, _ time: Int64, _ scratch: inout Scratch) {
    let (place, isNew) = scratch.bought.index(of: what) { Purchase(order: order, time: time) }
    guard !isNew, scratch.bought.values[place].order != order else { return }
    let last = scratch.bought.values[place]
    scratch.intervals.append((elapsed(from: last.time, to: time), last.interval))
    scratch.bought.values[place] = Purchase(order: order, time: time, interval: scratch.intervals.count - 1)
  }

  private func isWasted(_ what: UInt64, _ time: Int64, _ scratch: inout Scratch) -> Bool {
    guard let place = scratch.bought.index(of: what) else { return false }
    let last = scratch.bought.values[place]
    guard elapsed(from: last.time, to: time) <= Self.recentPeriod else { return false }
    scratch.own.removeAll()
    var next = last.interval
    while let index = next {
      scratch.own.add(scratch.intervals[index].length)
      next = scratch.intervals[index].before
    }
    guard let median = scratch.own(50) else { return true }
    return 10 * Int128(elapsed(from: last.time, to: time)) < 8 * Int128(median)
  }

  public func digest(_ ad: Ad, into hasher: inout DigestHasher) {
    hasher.add(ad.time)
    hasher.add(ad.isWasted)
    hasher.add(ad.isWithoutConsent)
  }

  public struct Tally { var ads = 0, wasted = 0, without = 0, most = 0 }

  public func makeTally() -> Tally { Tally() }

  public func add(_ ads: Span<Ad>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard person != 0 else { return }
    var day: CivilDate?
    var today = 0
    for index in ads.indices where query.includes(ads[index].time) {
      let ad = ads[index]
      tally.ads += 1
      if ad.isWasted { tally.wasted += 1 }
      if ad.isWithoutConsent { tally.without += 1 }
      let date = query.day(of: ad.time)
      today = date == day ? today + 1 : 1
      day = date
      tally.most = max(tally.most, today)
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows([
      ViewRow([
        "ads": .count(tally.ads), "wasted": .count(tally.wasted),
        "wasted_rate": .rate(part: tally.wasted, whole: tally.ads), "without_consent": .count(tally.without),
        "max_per_customer_day": .count(tally.most),
      ])
    ])
  }
}
