/// The vocabulary's fields in the form in which the parser goes through them: flat rows of numbers, so that looking one
/// up retains nothing.
struct FieldRule: BitwiseCopyable {
  var name: ShortText
  var check: Check
  var slot: Field.Slot?
  var isPersonal: Bool
  /// Bounds of ``Check/between``.
  var low: Int32 = 0
  var high: Int32 = 0
  /// The words of a choice, in ``FieldRules/words``.
  var firstWord: UInt16 = 0
  var wordCount: UInt16 = 0

  /// ``Field/Kind`` without what it carries.
  enum Check: UInt8 {
    case any, text, label, reference, money, number, between, count, boolean, choice, currency, dateOrInstant
    case lines, object, list
  }
}

/// All rules of all kinds.
struct FieldRules: @unchecked Sendable {
  // Filled once and never changed.
  let rules: UnsafePointer<FieldRule>
  private let words: UnsafePointer<ShortText>
  /// By raw kind: where its rules lie, and which of them are required, a bit each.
  let ranges: UnsafePointer<Kind>

  /// The members of an order line, and those of a trait that are not personal.
  let lineNames: ShortWords
  let traitNames: ShortWords
  let directions: ShortWords
  let actorKinds: ShortWords

  struct Kind: BitwiseCopyable {
    var first: UInt16
    var count: UInt16
    var required: UInt32
    var isFirm: Bool
  }

  static let all = FieldRules()

  private init() {
    var rules: [FieldRule] = []
    var words: [ShortText] = []
    var kinds: [Kind] = []
    for shape in Vocabulary.shapes {
      var kind = Kind(
        first: UInt16(rules.count), count: UInt16(shape.fields.count), required: 0, isFirm: shape.isFirm)
      precondition(shape.fields.count <= 32, "a bit for each field of a type")
      for (index, field) in shape.fields.enumerated() {
        if field.isRequired { kind.required |= 1 << UInt32(index) }
        rules.append(FieldRule(field, &words))
      }
      kinds.append(kind)
    }
    self.rules = Self.keep(rules)
    self.words = Self.keep(words)
    ranges = Self.keep(kinds)
    lineNames = Self.keep(words: Vocabulary.lineFields.map { ShortText($0.name) })
    traitNames = Self.keep(words: Personal.traitFields.map { ShortText($0.name) })
    directions = Self.keep(words: Direction.texts)
    actorKinds = Self.keep(words: ActorKind.texts)
  }

  /// The words of a choice.
  @inline(__always)
  func words(of rule: FieldRule) -> ShortWords {
    ShortWords(start: words + Int(rule.firstWord), count: Int(rule.wordCount))
  }

  private static func keep(words: [ShortText]) -> ShortWords { ShortWords(start: keep(words), count: words.count) }

  private static func keep<Row>(_ rows: [Row]) -> UnsafePointer<Row> {
    let memory = UnsafeMutablePointer<Row>.allocate(capacity: max(rows.count, 1))
    memory.initialize(from: rows, count: rows.count)
    return UnsafePointer(memory)
  }
}

/// A few words, compared one after the other.
struct ShortWords: @unchecked Sendable {
  fileprivate let start: UnsafePointer<ShortText>
  let count: Int

  /// - Returns: nil for a text that is none of them.
  @inline(__always)
  func index(of text: ShortText) -> Int? {
    for index in 0..<count where start[index] == text { return index }
    return nil
  }
}

extension FieldRule {
  fileprivate init(_ field: Field, _ words: inout [ShortText]) {
    name = ShortText(field.name)
    slot = field.slot
    isPersonal = field.isPersonal
    switch field.kind {
    case .any: check = .any
    case .text: check = .text
    case .label: check = .label
    case .reference: check = .reference
    case .money: check = .money
    case .number: check = .number
    case .between(let low, let high):
      check = .between
      (self.low, self.high) = (Int32(low), Int32(high))
    case .count: check = .count
    case .boolean: check = .boolean
    case .choice:
      check = .choice
      firstWord = UInt16(words.count)
      wordCount = UInt16(field.words.count)
      words += field.words
    case .currency: check = .currency
    case .dateOrInstant: check = .dateOrInstant
    case .lines: check = .lines
    case .object: check = .object
    case .list: check = .list
    }
  }
}
