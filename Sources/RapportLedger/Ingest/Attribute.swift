/// The attributes of the envelope that mean something to the ledger.
enum Attribute: Int, CaseIterable {
  case specversion, id, source, type, subject, time, datacontenttype, data, dataBase64
  case correlationid, causationid, channel, touchpoint, department, country, employee, direction, actorkind
  case sequence, recordedtime, ledgerposition, ledgertime, timeassumed

  var name: StaticString {
    switch self {
    case .specversion: "specversion"
    case .id: "id"
    case .source: "source"
    case .type: "type"
    case .subject: "subject"
    case .time: "time"
    case .datacontenttype: "datacontenttype"
    case .data: "data"
    case .dataBase64: "data_base64"
    case .correlationid: "correlationid"
    case .causationid: "causationid"
    case .channel: "channel"
    case .touchpoint: "touchpoint"
    case .department: "department"
    case .country: "country"
    case .employee: "employee"
    case .direction: "direction"
    case .actorkind: "actorkind"
    case .sequence: "sequence"
    case .recordedtime: "recordedtime"
    case .ledgerposition: "ledgerposition"
    case .ledgertime: "ledgertime"
    case .timeassumed: "timeassumed"
    }
  }

  /// - Returns: nil for a name that means nothing to the ledger.
  /// - Complexity: O(1).
  static func named(_ name: ShortText) -> Attribute? { AttributeNames.all[name] }

  /// Not part of the content that tells a duplicate from a conflict.
  @inline(__always)
  var isOutsideContent: Bool {
    switch self {
    case .sequence, .recordedtime, .ledgerposition, .ledgertime, .timeassumed: true
    default: false
    }
  }

  /// Why nobody sets it by its name on an event of their own; nil if they may.
  var whyNotSet: String? {
    switch self {
    case .subject: "the customer comes first"
    case .type: "it comes behind the customer"
    case .specversion: "it is 1.0"
    case .data: "its fields are set one by one"
    case .dataBase64: "data has fields here"
    case .ledgerposition, .ledgertime, .timeassumed: "the ledger gives it"
    default: nil
    }
  }

  /// Names an event or is not its own to change: no correction sets it.
  var isFixed: Bool { self == .id || self == .source || whyNotSet != nil }

  /// Held by a column, or split by what is personal once the type is known: never kept as it was sent.
  @inline(__always)
  var isInColumns: Bool {
    switch self {
    case .datacontenttype, .correlationid, .causationid, .direction, .actorkind, .sequence, .recordedtime: false
    default: true
    }
  }
}

/// The attributes by their names: 256 places for 23 names, no two of which have the same, so that every look-up is one
/// comparison.
struct AttributeNames: @unchecked Sendable {
  // Filled once and never changed; a pointer, so that looking a name up asks nobody whether it is there.
  private let places: UnsafePointer<(name: ShortText, attribute: Attribute?)>
  /// Which bits of a mixed name are its place.
  private let shift: UInt64

  static let all = AttributeNames()
  private static let count = 256

  private init() {
    let names = Attribute.allCases.map { ShortText("\($0.name)") }
    let shift = (0...UInt64(56)).first { shift in Set(names.map { Self.home($0, shift) }).count == names.count }
    guard let shift else { preconditionFailure("another number of places is needed for these names") }
    let places = UnsafeMutablePointer<(name: ShortText, attribute: Attribute?)>.allocate(capacity: Self.count)
    places.initialize(repeating: (.tooLong, nil), count: Self.count)
    for (name, attribute) in zip(names, Attribute.allCases) { places[Self.home(name, shift)] = (name, attribute) }
    self.places = UnsafePointer(places)
    self.shift = shift
  }

  @inline(__always)
  private static func home(_ name: ShortText, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: name.mixed &>> shift) & (count - 1)
  }

  @inline(__always)
  subscript(_ name: ShortText) -> Attribute? {
    let place = places + Self.home(name, shift)
    return place.pointee.name == name ? place.pointee.attribute : nil
  }
}

/// For each attribute the token of its value in the event that is being read; −1 if it is absent or null.
///
/// It has memory of its own and keeps the reader small, which is copied for methods that do not change it.
struct AttributeTokens: ~Copyable {
  private let tokens = UnsafeMutablePointer<Int32>.allocate(capacity: count)
  private static var count: Int { Attribute.timeassumed.rawValue + 1 }

  init() { removeAll() }

  deinit { tokens.deallocate() }

  @inline(__always)
  mutating func removeAll() { tokens.initialize(repeating: -1, count: Self.count) }

  @inline(__always)
  subscript(_ attribute: Attribute) -> Int? {
    get {
      let token = tokens[attribute.rawValue]
      return token < 0 ? nil : Int(token)
    }
    nonmutating set { tokens[attribute.rawValue] = Int32(truncatingIfNeeded: newValue ?? -1) }
  }
}
