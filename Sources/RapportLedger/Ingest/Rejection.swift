/// Why an event was not recorded.
public struct Rejection: Sendable, Error {
  /// The attribute or `data.field` that it is about; nil for the line as a whole.
  public var field: String?
  public var reason: String

  static func overlong(_ maxLineBytes: Int) -> Rejection {
    Rejection(nil, "the line is longer than \(maxLineBytes) bytes (--max-line)")
  }

  init(_ field: String?, _ reason: String) {
    self.field = field
    self.reason = reason
  }
}

/// A refused line, or element of a batch line, as it goes to the rejects file.
struct Reject {
  /// Number of the input line, from 1.
  var line: UInt64
  /// Index within a batch line; nil for a line that is one event.
  var index: Int?
  /// Where the line (or the element) begins in the input.
  var offset: UInt64
  var rejection: Rejection
  /// Conflicts are counted among the rejected and by themselves.
  var isConflict = false
  var text: [UInt8]
  /// The text was longer than the limit and is cut there.
  var isCut = false
}

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

  static func named(_ key: Span<UInt8>) -> Attribute? {
    switch key.count {
    case 2: key.equals("id") ? .id : nil
    case 4:
      key[0] == 0x74
        ? (key.equals("type") ? .type : key.equals("time") ? .time : nil)
        : key.equals("data") ? .data : nil
    case 6: key.equals("source") ? .source : nil
    case 7: key.equals("subject") ? .subject : key.equals("channel") ? .channel : key.equals("country") ? .country : nil
    case 8: key.equals("employee") ? .employee : key.equals("sequence") ? .sequence : nil
    case 9: key.equals("direction") ? .direction : key.equals("actorkind") ? .actorkind : nil
    case 10:
      key.equals("touchpoint")
        ? .touchpoint
        : key.equals("department")
          ? .department
          : key.equals("ledgertime") ? .ledgertime : nil
    case 11:
      key.equals("specversion")
        ? .specversion
        : key.equals("causationid")
          ? .causationid
          : key.equals("timeassumed") ? .timeassumed : key.equals("data_base64") ? .dataBase64 : nil
    case 12: key.equals("recordedtime") ? .recordedtime : nil
    case 13: key.equals("correlationid") ? .correlationid : nil
    case 14: key.equals("ledgerposition") ? .ledgerposition : nil
    case 15: key.equals("datacontenttype") ? .datacontenttype : nil
    default: nil
    }
  }

  /// Not part of the content that tells a duplicate from a conflict.
  var isOutsideContent: Bool {
    switch self {
    case .sequence, .recordedtime, .ledgerposition, .ledgertime, .timeassumed: true
    default: false
    }
  }
}
