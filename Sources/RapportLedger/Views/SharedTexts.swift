/// A list of texts in a cell, of a few that many rows share.
///
/// The texts are not held one by one: rows are made on all processors, which would fight for the count of who holds each.
public struct SharedTexts: RandomAccessCollection, Sendable {
  /// Texts by number, and their JSON one behind the other.
  final class Table: Sendable {
    fileprivate let texts: [String]
    fileprivate let json: [UInt8]
    /// Where the JSON of each text ends.
    fileprivate let ends: [Int]

    init(_ texts: [String]) {
      var (json, ends): ([UInt8], [Int]) = ([], [0])
      for text in texts {
        JSONValue.append(text, to: &json)
        ends.append(json.count)
      }
      (self.texts, self.json, self.ends) = (texts, json, ends)
    }
  }

  private let table: Table
  private let numbers: ArraySlice<UInt32>

  init(_ numbers: ArraySlice<UInt32>, of table: Table) { (self.table, self.numbers) = (table, numbers) }

  public var startIndex: Int { 0 }
  public var endIndex: Int { numbers.count }
  public subscript(index: Int) -> String { table.texts[Int(numbers[numbers.startIndex + index])] }

  func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "["))
    table.json.withUnsafeBufferPointer { json in
      for (index, number) in numbers.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: json[table.ends[Int(number)]..<table.ends[Int(number) + 1]])
      }
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
