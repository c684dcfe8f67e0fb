/// Finds what single fields of events say; keeps its memory from event to event.
struct FieldReader: ~Copyable {
  private var scanner = JSONScanner(lineBytesMax: JSONScanner.lineBytesLimit)
  private var text: [UInt8] = []

  /// What a field of an event's `data` says as text; nil where it is not there, or sealed: fields that a column holds, as
  /// ids of things, never are.
  mutating func text(ofOpenField name: String, of record: PayloadRecord) -> String? {
    text.removeAll(keepingCapacity: true)
    text.append(UInt8(ascii: "{"))
    text.append(contentsOf: record.members)
    text.append(UInt8(ascii: "}"))
    return find(name)
  }

  /// The same of an event's whole text.
  mutating func text(ofOpenField name: String, ofEvent event: [UInt8]) -> String? {
    text.removeAll(keepingCapacity: true)
    text += event
    return find(name)
  }

  private mutating func find(_ name: String) -> String? {
    scanner.withDocument(&text) { document in
      document.member("data", of: 0).flatMap { document.member(name, of: $0) }.map { document.string($0) }
    }
  }
}
