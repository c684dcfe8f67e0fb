/// What follows from the table of event types (``EventKind/shape``), in the forms in which it is looked up.
public enum Vocabulary {
  static let names: [String] = (0...255).map { raw in
    EventKind(rawValue: UInt8(raw)).map(EventKind.spell) ?? "?"
  }

  /// The shapes by raw value; unknown raw values have the shape of `other`.
  static let shapes: [EventShape] = (0...255).map { raw in
    (EventKind(rawValue: UInt8(raw)) ?? .other).shape
  }

  /// The fields of an order line, in the order in which the parser knows them.
  static let lineFields =
    must("sku", .text) + may("group", .text) + must("quantity", .number) + may("price", .money)

  static func field(_ position: Int, of kind: EventKind) -> Field { shapes[Int(kind.rawValue)].fields[position] }

  private static let kinds: [String: EventKind] = Dictionary(
    uniqueKeysWithValues: EventKind.allCases.filter { $0 != .other }.map { (EventKind.spell($0), $0) })

  /// The kind of a CloudEvents type: its last two dot-separated parts, any prefix ignored; `other` if unknown.
  ///
  /// O(length); meant for command lines and for the first sight of a type, not for a loop over events.
  public static func kind(ofType type: String) -> EventKind {
    let parts = type.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 2 else { return .other }
    return kinds["\(parts[parts.count - 2]).\(parts[parts.count - 1])"] ?? .other
  }
}
