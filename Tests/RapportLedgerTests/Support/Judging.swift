@testable import RapportLedger

/// What the parser says of one element of input.
enum Verdict: Equatable, CustomStringConvertible {
  case accepted
  case blank
  /// With the field that the reject names.
  case rejected(String?)

  var description: String {
    switch self {
    case .accepted: "accepted"
    case .blank: "blank"
    case .rejected(let field): "rejected(\(field ?? "the line"))"
    }
  }
}

/// Parses one line as ingest does, and checks that its counts add up.
func judge(_ line: some StringProtocol, rules: IngestRules = IngestRules()) -> [Verdict] {
  judge(Array(line.utf8), rules: rules)
}

func judge(_ line: [UInt8], rules: IngestRules = IngestRules()) -> [Verdict] {
  let batch = parsed(line, rules: rules)
  precondition(
    batch.value.lineCount == batch.value.count + batch.value.rejects.count + batch.value.blankCount,
    "accepted + rejected + blank = lines")
  return [Verdict](repeating: .accepted, count: batch.value.count)
    + [Verdict](repeating: .blank, count: batch.value.blankCount)
    + batch.value.rejects.map { .rejected($0.rejection.field) }
}

func parsed(_ line: [UInt8], rules: IngestRules = IngestRules()) -> BatchBox {
  var parser = EventParser(seed: 1, rules: rules)
  let box = BatchBox(seed: 1)
  parser.parse(
    line + [UInt8](repeating: 0, count: JSONScanner.padding),
    lines: [JSONScanner.Line(offset: 0, length: UInt32(line.count))], firstLine: 1, offset: 0, now: Clock.now,
    into: &box.value)
  return box
}

/// A minimal event of an unknown type, with some members replaced; `nil` takes a member out.
func envelope(_ members: [String: JSON?] = [:]) -> String {
  var all: [String: JSON] = [
    "specversion": "1.0", "id": "e1", "source": "/s", "type": "thing.happened", "subject": "C1",
    "time": "2025-03-01T00:00:00Z",
  ]
  for (key, value) in members { all[key] = value }
  return JSON.object(all).line
}

/// An event of a known type with this data, without a subject if it is one of the firm.
func event(_ type: String, _ data: JSON, firm: Bool = false) -> String {
  envelope(["type": .string(type), "data": data, "subject": firm ? .some(nil) : "C1"])
}
