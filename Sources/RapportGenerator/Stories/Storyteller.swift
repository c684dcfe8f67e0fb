/// Tells the stories: takes the next step from the agenda, writes its event, and puts what follows on the agenda.
///
/// A story is a handful of functions, one per event, each of which reads like the line it writes:
///
/// ```swift
/// mutating func shipped(_ step: Step) {
///   begin("order.shipped", step, .out, by: .employee)   // the envelope
///   line.attribute("department", "logistics")           // attributes
///   line.data()
///   line.field("order", "O", step.story)                // fields
///   line.close()
///   then(.delivery(.delivered), step, after: draw.between(1 * .day, 3 * .day))
/// }
/// ```
///
/// Everything random in an event comes from `draw`, which is seeded with the key of the event; everything that the
/// events of a story share comes from the number of the story. So a step can be told twice with the same bytes, which
/// is how late events are made: told, unwritten, and told again when they arrive.
struct Storyteller: ~Copyable {
  let configuration: EventGenerator.Configuration
  var line: LineWriter
  var agenda: Agenda
  var population: Population
  /// The decisions of the event that is being told.
  var draw = Draw(seed: 0)
  private var pacing: Pacing
  private let repertoire = Repertoire()

  private let keySeed: UInt64
  private let storySeed: UInt64
  private var keys = 0
  private var stories = 0
  /// The latest actions of the firm (story numbers), so that customers can be exposed to them.
  private var actions: [Int] = []

  /// Lines told, and events that have happened but not arrived.
  private(set) var told = 0
  private var underway = 0
  /// A late event is being told for the second time: what follows from it is on the agenda already.
  private var isRepeating = false

  /// The share of events that arrive late, in per cent, and the latest that they arrive.
  private static let late = (percent: 2, most: 3 * Int.day)

  init(_ configuration: EventGenerator.Configuration) {
    self.configuration = configuration
    line = LineWriter(source: configuration.source)
    agenda = Agenda(origin: configuration.from * .day, days: configuration.days, steps: configuration.events)
    population = Population(count: configuration.customers, seed: Draw.value(0, of: configuration.seed))
    pacing = Pacing(firstDay: configuration.from, days: configuration.days)
    keySeed = Draw.value(1, of: configuration.seed)
    storySeed = Draw.value(2, of: configuration.seed)
    draw = Draw(seed: keySeed)
    planFirm()
  }

  var employees: Int { 8 + min(32, configuration.events / 5000 * 4) }

  /// Writes one line behind what `line` holds; false when all are told.
  mutating func tell() -> Bool {
    while told < configuration.events {
      guard var step = agenda.next() else {
        turnPage()
        continue
      }
      if step.late > 0 {
        step.time -= Int(step.late)
        underway -= 1
        isRepeating = true
        perform(step)
        isRepeating = false
        told += 1
        return true
      }
      // All that may still happen has happened: only the late are awaited.
      guard told + underway < configuration.events else { continue }
      if case .start = step.chapter { cast(&step) }
      let mark = line.count
      perform(step)
      if postpone(step) {
        line.rewind(to: mark)
        continue
      }
      told += 1
      return true
    }
    return false
  }

  private mutating func turnPage() {
    if agenda.isHourDone {
      let missing = configuration.events - told - underway
      let count = pacing.storiesInNextHour(missing: missing, told: told, open: agenda.count)
      let hour = agenda.origin + (agenda.open + 1) / agenda.bucketsPerHour * .hour
      for _ in 0..<count {
        var step = Step(time: hour, key: takeKey(), chapter: .start)
        step.time += Int(truncatingIfNeeded: step.key % UInt64(Int.hour))
        agenda.add(step)
      }
    }
    let isOpen = agenda.openNext()
    precondition(isOpen, "In the last hour as many stories begin as events are missing.")
  }

  /// Decides about whom a new story is, and which. A customer who is not known yet registers first; one who was lost
  /// comes back first.
  private mutating func cast(_ step: inout Step) {
    draw = Draw(seed: ~step.key)
    var number = population.pick(&draw)
    for _ in 0..<3 where population.isLost(number) { number = population.pick(&draw) }
    step.customer = Int32(number)
    step.story = takeStory()
    var chapter = repertoire.pick(&draw)
    if case .promise(.exposed) = chapter {
      if actions.isEmpty { chapter = .touch(.adShown) } else { step.anchor = actions[draw.below(actions.count)] }
    }
    let mayMerge = configuration.identityAndCorrections && population.count > 1
    if mayMerge && draw.percent(1) { chapter = .correction(.merged) }
    if !population.isRegistered(number) {
      population.setRegistered(number)
      then(chapter, step, after: draw.between(1 * .minute, 40 * .minute))
      step.chapter = .party(.registered)
    } else if population.isLost(number) {
      population.setLost(number, false)
      then(chapter, step, after: draw.between(1 * .minute, 10 * .minute))
      step.chapter = .party(.returned)
    } else {
      step.chapter = chapter
    }
  }

  private mutating func perform(_ step: Step) {
    draw = Draw(seed: step.key)
    switch step.chapter {
    case .start: preconditionFailure("A story is cast before it is told.")
    case .party(let chapter): tell(chapter, step)
    case .order(let chapter): tell(chapter, step)
    case .delivery(let chapter): tell(chapter, step)
    case .service(let chapter): tell(chapter, step)
    case .touch(let chapter): tell(chapter, step)
    case .help(let chapter): tell(chapter, step)
    case .need(let chapter): tell(chapter, step)
    case .listening(let chapter): tell(chapter, step)
    case .promise(let chapter): tell(chapter, step)
    case .privacy(let chapter): tell(chapter, step)
    case .firm(let chapter): tell(chapter, step)
    case .correction(let chapter): tell(chapter, step)
    }
  }

  /// Lets a few events arrive hours or days after they happened. Never beyond the end: every event arrives.
  private mutating func postpone(_ step: Step) -> Bool {
    var dice = Draw(seed: step.key ^ Draw.golden)
    guard dice.percent(Storyteller.late.percent) else { return false }
    var late = step
    let delay = 1 + dice.wait(mean: Storyteller.late.most / 4)
    late.late = UInt32(truncatingIfNeeded: delay)
    late.time += delay
    guard late.time < agenda.end else { return false }
    agenda.add(late)
    underway += 1
    return true
  }

  private mutating func takeKey() -> UInt64 {
    keys += 1
    return Draw.value(keys, of: keySeed)
  }

  /// Makes an action of the firm one that customers meet from now on; the oldest of sixteen is forgotten.
  mutating func remember(action: Int) {
    guard !isRepeating else { return }
    if actions.count == 16 { actions.removeFirst() }
    actions.append(action)
  }

  mutating func setLost(_ step: Step) {
    guard !isRepeating else { return }
    population.setLost(Int(step.customer), true)
  }
}

// MARK: - What the stories are written with

extension Storyteller {
  /// A fresh story number. Orders, cases and the rest share one series, so a number is the id of one thing only.
  mutating func takeStory() -> Int {
    stories += 1
    return stories
  }

  /// The decisions that all events of a story share.
  func draw(story: Int) -> Draw {
    Draw(seed: Draw.value(story, of: storySeed))
  }

  func customer(of step: Step) -> Customer {
    population.customer(Int(step.customer))
  }

  /// Puts the event that follows on the agenda, in the same story unless `story` names another (0: a new one).
  mutating func then(
    _ chapter: Chapter, _ step: Step, after delay: Int, story: Int? = nil, anchor: Int? = nil, round: Int? = nil
  ) {
    guard !isRepeating, step.time + delay < agenda.end else { return }
    var next = step
    next.chapter = chapter
    next.time += delay
    next.cause = step.chapter.isStart ? 0 : step.key
    next.key = takeKey()
    if let story { next.story = story == 0 ? takeStory() : story }
    if let anchor { next.anchor = anchor }
    if let round { next.round = UInt8(truncatingIfNeeded: round) }
    agenda.add(next)
  }

  /// The delay after which something happens that people do at work: nights are skipped.
  mutating func atWork(_ delay: Int, after step: Step) -> Int {
    let ofDay = (step.time + delay - agenda.origin) % .day
    if ofDay < 7 * .hour { return delay + 7 * .hour - ofDay + draw.below(3 * .hour) }
    if ofDay > 19 * .hour { return delay + 31 * .hour - ofDay + draw.below(3 * .hour) }
    return delay
  }

  /// Opens the line of an event of a customer. What a producer may leave out is sometimes left out: direction and
  /// kind of actor where they go without saying, the country, the cause.
  mutating func begin(
    _ type: StaticString, _ step: Step, _ direction: Direction? = nil, by actor: Actor? = nil, citing: Bool = false
  ) {
    line.open(type, key: step.key, customer: Int(step.customer), time: step.time)
    let habits = draw.next()
    switch direction {
    case .in where habits & 1 == 0: line.attribute("direction", "in")
    case .out where habits & 1 == 0: line.attribute("direction", "out")
    case .own where habits & 1 == 0: line.attribute("direction", "self")
    default: break
    }
    switch actor {
    case .customer where habits & 2 == 0: line.attribute("actorkind", "customer")
    case .employee where habits & 6 != 0: line.attribute("actorkind", "employee")
    case .bot: line.attribute("actorkind", "bot")
    case .system: line.attribute("actorkind", "system")
    case .partner: line.attribute("actorkind", "partner")
    default: break
    }
    if habits & 0x30 != 0 { line.attribute("country", customer(of: step).country.code) }
    if step.cause != 0 && (citing || habits & 0x1C0 == 0) { line.attribute("causationid", idOf: step.cause) }
  }

  /// Opens the line of an event of the firm.
  mutating func beginFirm(_ type: StaticString, _ step: Step) {
    line.open(type, key: step.key, customer: -1, time: step.time)
    if draw.percent(50) { line.attribute("actorkind", "employee") }
  }

  /// The channel that the customer likes, mostly.
  mutating func channel(_ step: Step) {
    line.attribute("channel", draw.percent(80) ? customer(of: step).channel : draw.pick(Vocabulary.channels))
  }

  /// An employee of a department, by the place of the department in the vocabulary.
  mutating func employee(department: Int) {
    line.attribute("employee", "e", department + 4 * draw.below(employees / 4))
  }

  mutating func phrase(_ english: Words, _ german: Words, _ step: Step, field: StaticString = "text") {
    let isGerman = customer(of: step).speaksGerman
    line.openText(field)
    line.raw(draw.pick(isGerman ? Vocabulary.openingsGerman : Vocabulary.openings))
    line.raw(draw.pick(isGerman ? german : english))
    line.closeText()
  }

  /// What a customer in this mood writes, with the sentiment in hundredths beside it.
  mutating func words(mood: Int, _ step: Step) {
    if draw.percent(70) { line.field("sentiment", hundredths: mood) }
    if mood > 25 {
      phrase(Vocabulary.praise, Vocabulary.praiseGerman, step)
    } else if mood < -25 {
      phrase(Vocabulary.blame, Vocabulary.blameGerman, step)
    } else {
      phrase(Vocabulary.neutral, Vocabulary.neutralGerman, step)
    }
  }

  /// A mood between -100 and 100.
  mutating func mood() -> Int {
    (draw.between(-10, 10) + draw.between(-10, 10)) * 5
  }
}

extension Chapter {
  var isStart: Bool {
    if case .start = self { true } else { false }
  }
}

/// The attribute `direction`. Events without one are no touches unless their type says so.
enum Direction {
  case `in`, out, own
}

/// The attribute `actorkind`. Bots, systems and partners always say so: nobody would guess.
enum Actor {
  case customer, employee, bot, system, partner
}
