/// A view's answer.
public struct ViewAnswer: Sendable {
  public var view: String
  public var version: Int
  public var from: Int64?
  public var to: Int64?
  public var asOf: Int64
  public var knownAt: UInt64?
  public var position: UInt64
  public var rows: ViewRows
  /// The rows of the views that keep this one honest, in the order of its definition.
  public var counterweights: [(view: String, rows: [ViewRow])] = []

  public var json: JSONValue { .object(head + [.init(key: "rows", value: .array(rows.rows.map(\.json)))] + tail) }

  /// Writes the text of ``json`` in pieces, which together take little memory, however many rows there are.
  public func writeJSON(_ write: ([UInt8]) throws -> Void) rethrows {
    var bytes: [UInt8] = []
    JSONValue.object(head).append(to: &bytes)
    bytes.removeLast()
    try write(bytes + Array(",\"rows\":[".utf8))
    try rows.rows.forEachPiece(
      { row, index, text in
        if index > 0 { text.append(UInt8(ascii: ",")) }
        row.appendJSON(to: &text)
      }, to: write)
    bytes = []
    JSONValue.object(tail).append(to: &bytes)
    try write(Array("],".utf8) + bytes.dropFirst())
  }

  private var head: [JSONValue.Member] {
    func time(_ value: Int64?) -> JSONValue { .string(value.map { Timestamp(nanoseconds: $0).description }) }
    return [
      .init(key: "view", value: .string(view)), .init(key: "version", value: .int(version)),
      .init(key: "from", value: time(from)), .init(key: "to", value: time(to)),
      .init(key: "as_of", value: time(asOf)), .init(key: "known_at", value: .int(knownAt.map { Int($0) })),
      .init(key: "position", value: .int(Int(position))),
    ]
  }

  private var tail: [JSONValue.Member] {
    let leftOut = rows.leftOut.map { JSONValue.Member(key: $0.reason, value: .int($0.count)) }
    let others = counterweights.map { JSONValue.Member(key: $0.view, value: .array($0.rows.map(\.json))) }
    return [.init(key: "left_out", value: .object(leftOut)), .init(key: "counterweight", value: .object(others))]
  }
}
