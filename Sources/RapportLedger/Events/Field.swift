/// One field of an event's `data`: its name, what it holds, and which slot of ``Facts`` it fills.
public struct Field: Sendable {
  /// The key in `data`.
  public let name: String
  public let kind: Kind
  /// The column that replay reads it from; `nil` for fields that only the payload keeps.
  let slot: Slot?
  /// A known type without it is rejected.
  public let isRequired: Bool
  /// Sealed under the customer's key; never a column, never a name.
  public let isPersonal: Bool
  /// The words of a choice, for comparison with values as they come in.
  let words: [ShortText]

  /// Its value is a name that a column has as a number, or a list of names that order lines have.
  var isName: Bool { slot != nil && [.text, .label, .list].contains(kind) }

  init(name: String, kind: Kind, slot: Slot?, isRequired: Bool, isPersonal: Bool) {
    self.name = name
    self.kind = kind
    self.slot = slot
    self.isRequired = isRequired
    self.isPersonal = isPersonal
    if case .choice(let words) = kind { self.words = words.map { ShortText($0) } } else { words = [] }
  }

  /// What a field holds, and how its text is checked.
  public enum Kind: Sendable, Equatable {
    /// Any text.
    case text
    /// The id of a thing: non-empty text, kept as a 64-bit hash for replay.
    case reference
    /// Text or a number, kept as text (a version, a priority).
    case label
    /// Decimal text or number, exact to four decimals.
    case money
    /// A number. Its slot keeps millionths, rounded away from zero, so that no sign is lost; the payload keeps it as
    /// it was sent.
    case number
    /// A number between two whole numbers, both included: a sentiment, a share, a severity.
    case between(Int, Int)
    /// A whole number, zero or more: seconds, minutes, counts.
    case count
    case boolean
    /// One of the given words; others are kept as text and counted as `other`.
    case choice([String])
    /// ISO 4217: three capital letters.
    case currency
    /// RFC 3339 instant, or a date without a time, which stays a date.
    case dateOrInstant
    /// Order lines: an array of `{sku, group, quantity, price}`.
    case lines
    /// `customer.updated`'s `set`: an object of traits.
    case object
    /// An array of texts, or one text.
    case list
    /// Any JSON value.
    case any
  }

  /// The places of ``Facts`` that a field can fill.
  enum Slot: Sendable {
    case object, related, amount, currency, instant, number, number2, scale, code, code2, term, term2, term3
    case flagA, flagB, flagC
    /// The texts of a list, as order lines with no more than a sku; of traits those that are inferred, with the number
    /// of observations as quantity.
    case lines
  }
}

/// What one event type carries.
public struct EventShape: Sendable {
  /// Absent `direction` means this; `nil` where the type alone is no touch.
  public let direction: Direction?
  /// An event of the firm: it has no subject.
  public let isFirm: Bool
  public let fields: [Field]

  static func customer(_ direction: Direction? = nil, _ fields: [Field]...) -> EventShape {
    EventShape(direction: direction, isFirm: false, fields: fields.flatMap { $0 })
  }
  static func firm(_ fields: [Field]...) -> EventShape {
    EventShape(direction: nil, isFirm: true, fields: fields.flatMap { $0 })
  }
}

/// Who turned to whom.
public enum Direction: UInt8, Sendable, CaseIterable {
  /// From the customer.
  case `in` = 1
  /// To the customer.
  case out = 2
  /// Neither: the customer alone, a robot at night.
  case `self` = 3

  static let words = ["in", "out", "self"]
  static let texts = words.map { ShortText($0) }
}

/// Who acted.
public enum ActorKind: UInt8, Sendable, CaseIterable {
  case customer = 1, employee, bot, system, partner

  static let words = ["customer", "employee", "bot", "system", "partner"]
  static let texts = words.map { ShortText($0) }
}

// The words of the vocabulary's tables. `†` of the contract is `personal`, `*` is `must`.

private func field(_ name: String, _ kind: Field.Kind, _ slot: Field.Slot?, required: Bool) -> [Field] {
  [Field(name: name, kind: kind, slot: slot, isRequired: required, isPersonal: false)]
}
func must(_ name: String, _ kind: Field.Kind, _ slot: Field.Slot? = nil) -> [Field] {
  field(name, kind, slot, required: true)
}
func may(_ name: String, _ kind: Field.Kind, _ slot: Field.Slot? = nil) -> [Field] {
  field(name, kind, slot, required: false)
}
/// A personal field, `†`: any JSON value, sealed.
func personal(_ name: String, required: Bool = false) -> [Field] {
  [Field(name: name, kind: .any, slot: nil, isRequired: required, isPersonal: true)]
}
