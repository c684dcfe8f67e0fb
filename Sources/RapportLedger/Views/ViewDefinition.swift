/// A view's published definition: a number without it is worth nothing.
public struct ViewDefinition: Sendable {
  /// The formula in words.
  public var formula: String
  /// What the keys are counted in.
  public var unit: String
  /// The time by which `--from` and `--to` select.
  public var anchor: String
  /// What is left out, and under which name it is counted.
  public var exclusions: String
  /// The values of `--by`.
  public var groupings: [String]
  /// What it groups by where nothing is said; nil is a single row.
  public var defaultGrouping: String?
  /// The JSON keys of a row, in order.
  public var keys: [String]
  /// Options of this view alone.
  public var options: [ViewOption] = []
  /// Groupings and options with keys of their own.
  public var variants: [ViewVariant] = []
  /// Views whose rows are printed beside it.
  public var counterweights: [String] = []

  /// - Parameters:
  ///   - formula: what is counted, in words; every key should be found in it.
  ///   - unit: what the keys are counted in.
  ///   - anchor: the time by which `--from` and `--to` select.
  ///   - exclusions: what is left out, and under which name it is counted; “nothing” if nothing is. What acts on nothing,
  ///     which every view leaves out, is added.
  ///   - groupings: the values of `--by`.
  ///   - defaultGrouping: what it groups by where nothing is said; nil is a single row.
  ///   - keys: the JSON keys of a row, in order.
  ///   - options: options of this view alone.
  ///   - variants: groupings and options with keys of their own.
  ///   - counterweights: names of views of the ``Catalogue`` whose rows are to be read beside it.
  public init(
    formula: String, unit: String, anchor: String, exclusions: String, groupings: [String],
    defaultGrouping: String? = nil, keys: [String], options: [ViewOption] = [], variants: [ViewVariant] = [],
    counterweights: [String] = []
  ) {
    self.formula = formula
    self.unit = unit
    self.anchor = anchor
    self.exclusions = exclusions == "nothing" ? Self.aimless : "\(exclusions). \(Self.aimless)"
    self.groupings = groupings
    self.defaultGrouping = defaultGrouping
    self.keys = keys
    self.options = options
    self.variants = variants
    self.counterweights = counterweights
  }

  /// What every view leaves out.
  private static let aimless = """
    correction_without_target, correction_not_accepted, unmerge_without_merge: corrections, retractions and unmerges \
    that act on nothing, whatever the window
    """

  /// - Throws: ``LedgerError/invalid(_:)`` for a grouping or an option that the view does not have.
  func check(_ query: ViewQuery, of view: String) throws(LedgerError) {
    if let grouping = query.grouping, !groupings.contains(grouping) {
      let choice =
        groupings.isEmpty ? "it has no groupings" : "--by takes \(groupings.joined(separator: ", "))"
      throw .invalid("\(view) cannot be grouped by “\(grouping)”; \(choice)")
    }
    for (name, value) in query.options.sorted(by: { $0.key < $1.key }) {
      guard let option = options.first(where: { $0.name == name }) else {
        throw .invalid("\(view) has no option --\(name); `rapport view \(view) --define` lists what it takes")
      }
      try option.check(value, of: view)
    }
  }

  /// The keys of a row for a query; those of the grouping come first unless they are among them.
  public func keys(for query: ViewQuery) -> [String] {
    for variant in variants where variant.holds(for: query) { return variant.keys }
    guard let grouping = query.grouping, !keys.contains(grouping) else { return keys }
    return [grouping] + keys
  }
}

/// An option of one view: `--rfm`, `--per case`, `--alpha 4.414`.
public struct ViewOption: Sendable {
  public enum Kind: Sendable, Equatable {
    case flag
    case choice([String])
    /// A number of at least zero.
    case number(default: Double)
  }

  /// Without the dashes.
  public var name: String
  public var kind: Kind
  public var help: String

  public init(_ name: String, _ help: String) { self.init(name, .flag, help) }

  public init(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// `--per case`, `--alpha 4.414`, as it is written; for a number with its default.
  public var synopsis: String {
    switch kind {
    case .flag: "--\(name)"
    case .choice(let words): "--\(name) \(words.joined(separator: "|"))"
    case .number(let value): "--\(name) \(JSONValue.decimals(value))"
    }
  }

  fileprivate func check(_ value: String, of view: String) throws(LedgerError) {
    switch kind {
    case .flag: return
    case .choice(let words):
      guard words.contains(value) else {
        throw .invalid("\(view) --\(name) takes \(words.joined(separator: ", ")), not “\(value)”")
      }
    case .number:
      guard let number = Double(value), number.isFinite, number >= 0 else {
        throw .invalid("\(view) --\(name) takes a number, not “\(value)”")
      }
    }
  }
}

/// A grouping or an option that answers with keys of its own.
public struct ViewVariant: Sendable {
  /// `--by seam`, `--rfm`.
  public var when: String
  public var keys: [String]

  public init(_ when: String, _ keys: [String]) {
    self.when = when
    self.keys = keys
  }

  func holds(for query: ViewQuery) -> Bool {
    if when.hasPrefix("--by ") { return query.grouping == String(when.dropFirst(5)) }
    return query.options[String(when.dropFirst(2))] != nil
  }
}

/// What is published of a view.
public struct ViewInfo: Sendable {
  public var name: String
  public var version: Int
  public var question: String
  public var definition: ViewDefinition

  /// What a view says of itself.
  public init(of view: any View.Type) {
    name = view.name
    version = view.version
    question = view.question
    definition = view.definition
  }
}
