/// Which case an event belongs to.
enum CaseKey {
  private static let inObject: UInt8 = 1
  private static let inRelated: UInt8 = 2

  /// By raw kind the slot of the type's field `case`; 0 if it has none.
  private static let slots: [UInt8] = Vocabulary.shapes.map { shape in
    switch shape.fields.first(where: { $0.name == "case" })?.slot {
    case .object: inObject
    case .related: inRelated
    default: 0
    }
  }

  /// The hash of the case's id: of the field `case`, else of `correlationid`; 0 if the event has neither.
  static func of(kind: UInt8, object: UInt64, related: UInt64, correlation: UInt64) -> UInt64 {
    switch slots[Int(kind)] {
    case inObject where object != 0: object
    case inRelated where related != 0: related
    default: correlation
    }
  }
}
