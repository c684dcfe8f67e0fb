/// The columns of a block: which field of ``Facts`` each holds. One line a column; reading, writing and merging blocks
/// all follow this table.
public enum Column: UInt8, CaseIterable, Sendable {
  case customer = 1
  case kind = 2
  case time = 3
  /// Order of arrival within the block.
  case rank = 4
  case object = 5
  case amount = 6
  case instant = 7
  case number = 8
  case marks = 9
  case currency = 10
  case direction = 11
  case actor = 12
  case code = 13
  case code2 = 14
  case scale = 15
  case term = 16
  case term2 = 17
  case term3 = 18
  case related = 19
  case number2 = 20
  case cause = 21
  case correlation = 22
  case channel = 23
  case touchpoint = 24
  case department = 25
  case country = 26
  case employee = 27
  case type = 28
  case source = 29
  case sequence = 30

  /// Byte offset in ``Facts`` and the field's width; nil for `rank`, which becomes the position.
  var place: (offset: Int, width: Int)? { Column.places[Int(rawValue)] }

  private static let places: [(offset: Int, width: Int)?] = {
    var places: [(offset: Int, width: Int)?] = Array(repeating: nil, count: 64)
    func set<T>(_ column: Column, _ path: KeyPath<Facts, T>) {
      places[Int(column.rawValue)] = (MemoryLayout<Facts>.offset(of: path)!, MemoryLayout<T>.size)
    }
    set(.customer, \.customer)
    set(.kind, \.kindCode)
    set(.time, \.time)
    set(.object, \.object)
    set(.amount, \.amount)
    set(.instant, \.instant)
    set(.number, \.number)
    set(.marks, \.marks)
    set(.currency, \.currency)
    set(.direction, \.directionCode)
    set(.actor, \.actorCode)
    set(.code, \.code)
    set(.code2, \.code2)
    set(.scale, \.scale)
    set(.term, \.term)
    set(.term2, \.term2)
    set(.term3, \.term3)
    set(.related, \.related)
    set(.number2, \.number2)
    set(.cause, \.cause)
    set(.correlation, \.correlation)
    set(.channel, \.channel)
    set(.touchpoint, \.touchpoint)
    set(.department, \.department)
    set(.country, \.country)
    set(.employee, \.employee)
    set(.type, \.type)
    set(.source, \.source)
    set(.sequence, \.sequence)
    return places
  }()
}

/// The columns that a projection reads. `customer`, `kind` and `time` are always there.
public struct ColumnSet: OptionSet, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ columns: Column...) { rawValue = columns.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }

  /// The fingerprint of `source` + `id`, by which `cause` of another event names this one.
  public static let fingerprint = ColumnSet(rawValue: 1 << UInt64(fingerprintSlot))
  @usableFromInline static let fingerprintSlot = 32
  /// Where replay keeps what a touch is, which follows from other columns.
  @usableFromInline static let touchSlot = 33

  public static let all = ColumnSet(rawValue: Column.allCases.reduce(0) { $0 | 1 << UInt64($1.rawValue) })

  public func contains(_ column: Column) -> Bool { rawValue & 1 << UInt64(column.rawValue) != 0 }

  var columns: [Column] { Column.allCases.filter(contains) }
}

/// The sections of a block that are not columns of rows, in the same directory.
enum BlockSection {
  /// In order of arrival: the fingerprint of `source` + `id`, and the hash of the content as sent.
  static let fingerprint = 32
  static let contentHash = 33
  /// Order lines: the row that each belongs to (ascending), and its fields.
  static let lineRow = 34
  static let lineSku = 35
  static let lineGroup = 36
  static let lineQuantity = 37
  static let linePrice = 38
  /// Commits: the rank that each starts at, and its ledger time in nanoseconds.
  static let commitRank = 40
  static let commitTime = 41
  /// Subjects that appear first in this block, in order of their numbers: where the text of each ends, the texts; their
  /// hashes in ascending order, and of each the index of its text (``BlockTexts``).
  static let customerEnd = 42
  static let customerText = 43
  static let customerHash = 44
  static let customerIndex = 45
  /// Names that appear first in this block, likewise.
  static let nameEnd = 46
  static let nameText = 47
  static let nameHash = 48
  static let nameIndex = 49
  /// Payload frames: the first row of each, where it ends in the payload bytes, its size unpacked, its XXH3-64, and
  /// the frames themselves (``FrameCoder``).
  static let frameRow = 50
  static let frameEnd = 51
  static let frameRawBytes = 52
  static let frameChecksum = 53
  static let frames = 54
  /// The customer of every ``sampledRows``th row, from the first, and the row of every ``sampledRows``th order line: by
  /// these a search finds the few rows that it must look at.
  static let customerSample = 55
  static let lineSample = 56
  /// The rows of events that act on others or say who is one person (``EventKindSet/acts``), ascending.
  static let actRow = 57

  static let sampledRows = 256

  static let slots = 64
}
