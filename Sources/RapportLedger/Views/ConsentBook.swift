/// What the firm declared about purposes and published as notices: what a consent is measured by.
public struct Declarations {
  /// A purpose and its basis, or a version of a notice.
  public struct Declaration: BitwiseCopyable, Sendable {
    var time: Int64
    /// Purpose or notice.
    var name: UInt32
    /// Of a notice; 0 if not said.
    var version: UInt32
    /// Of a purpose: 1 consent, 2 contract … ; 0 for a notice.
    var basis: UInt8
    var isNotice: Bool
    var position: UInt64

    init(time: Int64, name: UInt32, version: UInt32, basis: UInt8, isNotice: Bool, position: UInt64) {
      self.time = time
      self.name = name
      self.version = version
      self.basis = basis
      self.isNotice = isNotice
      self.position = position
    }

    init?(_ event: History.Event) {
      switch event.kind {
      case .purposeDeclared: basis = event.code
      case .noticePublished: basis = 0
      default: return nil
      }
      time = event.time
      name = event.term
      version = event.term2
      isNotice = event.kind == .noticePublished
      position = event.position
    }
  }

  static let kinds: EventKindSet = [.purposeDeclared, .noticePublished]
  private static let consentBasis: UInt8 = 1

  /// In order of time.
  private(set) var declarations: [Declaration] = []

  mutating func add(_ declaration: Declaration) { declarations.append(declaration) }

  /// The basis of a purpose as last declared at a time; nil if it was not declared by then.
  func basis(of purpose: UInt32, at time: Int64) -> UInt8? {
    declarations.last { !$0.isNotice && $0.name == purpose && $0.time <= time }?.basis
  }

  /// Whether a purpose rests on consent: declared so, or not declared at all.
  func needsConsent(_ purpose: UInt32, at time: Int64) -> Bool {
    basis(of: purpose, at: time).map { $0 == Self.consentBasis } ?? true
  }

  /// The version of the notice that was the latest at a time, if it is another one than that agreed to.
  func noticeSuperseding(_ decision: ConsentBook.Decision, at time: Int64) -> Declaration? {
    guard decision.notice != 0,
      let latest = declarations.last(where: { $0.isNotice && $0.name == decision.notice && $0.time <= time })
    else { return nil }
    let isOther = decision.version == 0 ? latest.time > decision.time : latest.version != decision.version
    return isOther ? latest : nil
  }
}

/// What one person agreed to, objected to and asked for, as far as their history has been read, and the rule of
/// `rapport may`: the default is no.
///
/// ```swift
/// book.apply(event)
/// let verdict = book.may(purpose, at: time, declarations)
/// ```
public struct ConsentBook {
  /// The latest decision of one of a person's ids about a purpose.
  public struct Decision: BitwiseCopyable, Sendable {
    var time: Int64
    /// When it ends by itself; `Int64.max` never.
    var expires = Int64.max
    var position: UInt64
    var purpose: UInt32
    var subject: UInt32
    var notice: UInt32 = 0
    var version: UInt32 = 0
    var kind: Kind

    enum Kind: UInt8, BitwiseCopyable { case given, refused, withdrawn, expired }

    func state(at time: Int64, _ declarations: Declarations) -> State {
      switch kind {
      case .refused: .refused
      case .withdrawn: .withdrawn
      case .expired: .expired
      case .given:
        expires <= time ? .expired : declarations.noticeSuperseding(self, at: time) != nil ? .stale : .given
      }
    }
  }

  /// How a person stands to a purpose.
  enum State: String { case given, stale, refused, withdrawn, expired, conflict, unknown }

  /// Whether something may be done for a purpose, why, and the event that decided.
  public struct Verdict: Sendable, Equatable {
    public var isAllowed: Bool
    /// `given`, `stale`, `basis`; `erased`, `restricted`, `objection`, `refused`, `withdrawn`, `expired`, `conflict`,
    /// `unknown`.
    public var reason: String
    /// 0 where no event decided.
    public var position: UInt64
  }

  static let kinds: EventKindSet = [
    .consentGiven, .consentRefused, .consentWithdrawn, .consentExpired, .objectionRaised, .objectionLifted,
    .restrictionSet, .restrictionLifted, .erasureExecuted,
  ]
  static let columns = ColumnSet(.rank, .term, .term2, .term3, .instant, .marks)

  /// At most one for each purpose and id.
  private(set) var decisions: [Decision] = []
  /// In force, at most one for each purpose and id; purpose 0 is a restriction of everything.
  private var bars: [(purpose: UInt32, subject: UInt32, position: UInt64)] = []
  private var erased: UInt64?

  mutating func removeAll() {
    erased = nil
    if decisions.isEmpty, bars.isEmpty { return }
    decisions.removeAll(keepingCapacity: true)
    bars.removeAll(keepingCapacity: true)
  }

  mutating func apply(_ event: History.Event) {
    switch event.kind {
    case .consentGiven: decide(event, .given)
    case .consentRefused: decide(event, .refused)
    case .consentWithdrawn: decide(event, .withdrawn)
    case .consentExpired: decide(event, .expired)
    case .objectionRaised: bar(event.term, event, true)
    case .objectionLifted: bar(event.term, event, false)
    case .restrictionSet: bar(0, event, true)
    case .restrictionLifted: bar(0, event, false)
    case .erasureExecuted: erased = erased ?? event.position
    default: return
    }
  }

  private mutating func decide(_ event: History.Event, _ kind: Decision.Kind) {
    var decision = Decision(
      time: event.time, position: event.position, purpose: event.term, subject: event.customer, kind: kind)
    if kind == .given {
      if event.hasInstant { decision.expires = event.instant }
      decision.notice = event.term2
      decision.version = event.term3
    }
    let former = decisions.firstIndex { $0.purpose == decision.purpose && $0.subject == decision.subject }
    if let former { decisions.remove(at: former) }
    decisions.append(decision)
  }

  private mutating func bar(_ purpose: UInt32, _ event: History.Event, _ isOn: Bool) {
    let subject = event.customer
    let isKnown = bars.contains { $0.purpose == purpose && $0.subject == subject }
    if isOn, !isKnown { bars.append((purpose, subject, event.position)) }
    if !isOn { bars.removeAll { $0.purpose == purpose && $0.subject == subject } }
  }

  /// How the person stands to a purpose: merged ids whose latest decisions differ are in conflict.
  func state(_ purpose: UInt32, at time: Int64, _ declarations: Declarations) -> (state: State, position: UInt64) {
    Self.state(of: purpose, decisions, at: time, declarations)
  }

  /// - Parameter decisions: the latest of a person's ids; those about other purposes are passed over.
  static func state(
    of purpose: UInt32, _ decisions: [Decision], at time: Int64, _ declarations: Declarations
  ) -> (state: State, position: UInt64) {
    var last: Decision?
    var state = State.unknown
    var isConflict = false
    for decision in decisions where decision.purpose == purpose {
      if let last, last.kind != decision.kind { isConflict = true }
      // Of consents that are all given the weakest counts.
      let next = decision.state(at: time, declarations)
      if last == nil || next == .expired || (next == .stale && state != .expired) { state = next }
      if last.map({ ($0.time, $0.position) < (decision.time, decision.position) }) ?? true { last = decision }
    }
    guard let last else { return (.unknown, 0) }
    return (isConflict ? .conflict : state, last.position)
  }

  /// Not erased, not restricted, no objection to the purpose, and consent where it rests on consent (or nothing was
  /// declared), else declared by then.
  func may(_ purpose: UInt32, at time: Int64, _ declarations: Declarations) -> Verdict {
    if let erased { return Verdict(isAllowed: false, reason: "erased", position: erased) }
    if let bar = bars.first(where: { $0.purpose == 0 }) {
      return Verdict(isAllowed: false, reason: "restricted", position: bar.position)
    }
    if let bar = bars.first(where: { $0.purpose == purpose }) {
      return Verdict(isAllowed: false, reason: "objection", position: bar.position)
    }
    guard declarations.needsConsent(purpose, at: time) else {
      return Verdict(isAllowed: true, reason: "basis", position: 0)
    }
    let (state, position) = state(purpose, at: time, declarations)
    return Verdict(isAllowed: state == .given || state == .stale, reason: state.rawValue, position: position)
  }
}
