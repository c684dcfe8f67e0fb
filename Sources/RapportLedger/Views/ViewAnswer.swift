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

  public var json: JSONValue { json { .array($0.map(\.json)) } }

  /// The text of ``json``, made faster where there are many rows.
  public var jsonText: [UInt8] {
    var bytes: [UInt8] = []
    json { .raw(String(decoding: Self.text(of: $0), as: UTF8.self)) }.append(to: &bytes)
    return bytes
  }

  /// Fewer rows than this a thread can make or write in the time that it takes to begin.
  static let rowsOfThreadMin = 1 << 12

  /// The rows as an array, each stretch of them written by a thread of its own.
  private static func text(of rows: [ViewRow]) -> [UInt8] {
    let texts = mapStretches(of: rows.count, atLeast: rowsOfThreadMin) { stretch in
      var bytes: [UInt8] = []
      for index in stretch {
        bytes.append(UInt8(ascii: index == 0 ? "[" : ","))
        rows[index].appendJSON(to: &bytes)
      }
      return bytes
    }
    var whole = rows.isEmpty ? [UInt8(ascii: "[")] : texts[0]
    whole.reserveCapacity(texts.reduce(1) { $0 + $1.count })
    for text in texts.dropFirst() { whole += text }
    whole.append(UInt8(ascii: "]"))
    return whole
  }

  private func json(_ list: ([ViewRow]) -> JSONValue) -> JSONValue {
    func time(_ value: Int64?) -> JSONValue { .string(value.map { Timestamp(nanoseconds: $0).description }) }
    return .members([
      "view": .string(view), "version": .int(version), "from": time(from), "to": time(to), "as_of": time(asOf),
      "known_at": .int(knownAt.map { Int($0) }), "position": .int(Int(position)),
      "rows": list(rows.rows),
      "left_out": .object(rows.leftOut.map { .init(key: $0.reason, value: .int($0.count)) }),
      "counterweight": .object(counterweights.map { .init(key: $0.view, value: list($0.rows)) }),
    ])
  }
}
