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

  /// Names by their hash: 64 places for 23 names, so that nearly every look-up is one comparison.
  private static let table: [(name: ShortText, attribute: Attribute?)] = {
    var table = [(name: ShortText, attribute: Attribute?)](repeating: (ShortText(""), nil), count: 64)
    for attribute in allCases {
      let name = ShortText("\(attribute.name)")
      var place = home(name)
      while table[place].attribute != nil { place = (place + 1) % table.count }
      table[place] = (name, attribute)
    }
    return table
  }()

  @inline(__always)
  private static func home(_ name: ShortText) -> Int { Int(name.mixed >> 58) }

  /// - Returns: nil for a name that means nothing to the ledger.
  /// - Complexity: O(1).
  @inline(__always)
  static func named(_ name: ShortText) -> Attribute? {
    table.withUnsafeBufferPointer { table in
      var place = home(name)
      while let attribute = table[place].attribute {
        if table[place].name == name { return attribute }
        place = (place + 1) & (table.count - 1)
      }
      return nil
    }
  }

  /// Not part of the content that tells a duplicate from a conflict.
  var isOutsideContent: Bool {
    switch self {
    case .sequence, .recordedtime, .ledgerposition, .ledgertime, .timeassumed: true
    default: false
    }
  }

  /// Held by a column, or split by what is personal once the type is known: never kept as it was sent.
  var isInColumns: Bool {
    switch self {
    case .datacontenttype, .correlationid, .causationid, .direction, .actorkind, .sequence, .recordedtime: false
    default: true
    }
  }
}
