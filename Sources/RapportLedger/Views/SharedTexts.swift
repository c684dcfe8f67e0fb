/// A list of texts in a cell, of a few that many rows share.
///
/// The texts are not held one by one: rows are made on all processors, which would fight for the count of who holds each.
public struct SharedTexts: RandomAccessCollection, Sendable {
  /// Texts by number.
  final class Table: Sendable {
    fileprivate let texts: [String]
    fileprivate let plain: Pieces
    fileprivate let json: Pieces

    init(_ texts: [String]) {
      var (plain, json) = (Pieces(), Pieces())
      for text in texts {
        plain.append { $0.append(contentsOf: text.utf8) }
        json.append { JSONValue.append(text, to: &$0) }
      }
      (self.texts, self.plain, self.json) = (texts, plain, json)
    }
  }

  private let table: Table
  private let numbers: ArraySlice<UInt32>

  init(_ numbers: ArraySlice<UInt32>, of table: Table) { (self.table, self.numbers) = (table, numbers) }

  public var startIndex: Int { 0 }
  public var endIndex: Int { numbers.count }
  public subscript(index: Int) -> String { table.texts[Int(numbers[numbers.startIndex + index])] }

  /// Appends the texts themselves.
  public func append(to bytes: inout [UInt8], separatedBy separator: StaticString) {
    append(table.plain, to: &bytes, separatedBy: separator)
  }

  func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "["))
    append(table.json, to: &bytes, separatedBy: ",")
    bytes.append(UInt8(ascii: "]"))
  }

  private func append(_ pieces: Pieces, to bytes: inout [UInt8], separatedBy separator: StaticString) {
    let between = UnsafeBufferPointer(start: separator.utf8Start, count: separator.utf8CodeUnitCount)
    pieces.bytes.withUnsafeBufferPointer { all in
      for (index, number) in numbers.enumerated() {
        if index > 0 { bytes.append(contentsOf: between) }
        let piece = all[pieces.ends[Int(number)]..<pieces.ends[Int(number) + 1]]
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: piece))
      }
    }
  }

  /// One behind the other.
  fileprivate struct Pieces {
    private(set) var bytes: [UInt8] = []
    /// Where each ends, behind a 0.
    private(set) var ends = [0]

    mutating func append(_ body: (inout [UInt8]) -> Void) {
      body(&bytes)
      ends.append(bytes.count)
    }
  }
}
