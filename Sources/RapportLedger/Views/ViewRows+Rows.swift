extension ViewRows {
  /// Rows in their order: kept, or made whenever one is asked for, because a row takes ten times the memory of what it is
  /// made of, and there may be one for every customer.
  public struct Rows: RandomAccessCollection, Sendable, Equatable {
    private enum Source {
      case kept([ViewRow])
      case made(count: Int, make: @Sendable (Int) -> ViewRow)
    }

    private let source: Source

    public init(_ rows: [ViewRow]) { source = .kept(rows) }

    /// - Parameter make: gives the row of something; the same one each time.
    public init<T: Sendable>(of things: [T], _ make: @escaping @Sendable (T) -> ViewRow) {
      source = .made(count: things.count) { make(things[$0]) }
    }

    public var startIndex: Int { 0 }

    public var endIndex: Int {
      switch source {
      case .kept(let rows): rows.count
      case .made(let count, _): count
      }
    }

    public subscript(index: Int) -> ViewRow {
      switch source {
      case .kept(let rows): rows[index]
      case .made(_, let make): make(index)
      }
    }

    public static func == (a: Rows, b: Rows) -> Bool { a.elementsEqual(b) }

    /// Makes a text of the rows, piece by piece and on all processors; a piece has whole rows.
    ///
    /// - Parameters:
    ///   - append: appends the text of a row.
    ///   - write: gets the pieces in the order of the rows.
    public func forEachPiece(
      _ append: @Sendable (_ row: ViewRow, _ index: Int, _ text: inout [UInt8]) -> Void,
      to write: ([UInt8]) throws -> Void
    ) rethrows {
      let rowsAtOnce = Self.rowsOfThreadMin * Threads.processors
      // A piece is about as long as those before it: growing into it step by step would cost as much as the text.
      var longest = 0
      for start in stride(from: 0, to: count, by: rowsAtOnce) {
        let expected = longest + longest / 8
        let texts = mapStretches(of: Swift.min(rowsAtOnce, count - start), atLeast: Self.rowsOfThreadMin) { stretch in
          var text: [UInt8] = []
          text.reserveCapacity(expected)
          for index in stretch { append(self[start + index], start + index, &text) }
          return text
        }
        for text in texts {
          longest = Swift.max(longest, text.count)
          try write(text)
        }
      }
    }

    /// Fewer rows than this a thread can make or write in the time that it takes to begin.
    static let rowsOfThreadMin = 1 << 12
  }
}
