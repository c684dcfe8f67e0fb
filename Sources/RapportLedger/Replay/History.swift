/// The complete history of one person, of one case, or of the firm: events in canonical order.
public struct History: ~Escapable {
  /// The person: number of the canonical id. Of a case the person of its first event; 0 is the firm.
  public let customer: UInt32
  public let events: Events
  @usableFromInline let lines: LineColumns

  @usableFromInline @inline(__always) @_lifetime(copy events)
  init(customer: UInt32, events: Events, lines: LineColumns) {
    self.customer = customer
    self.events = events
    self.lines = lines
  }

  /// The order lines of an event; empty unless the projection reads lines.
  @inlinable @_lifetime(copy self)
  public func lines(of event: Int) -> Span<OrderLine> {
    let row = events.row(event)
    let span = Span<OrderLine>(_unsafeElements: lines.of(row: row))
    return _overrideLifetime(span, copying: self)
  }

  /// Some events of a chunk, by their rows.
  public struct Events: ~Escapable {
    @usableFromInline let columns: EventColumns
    @usableFromInline let rows: UnsafePointer<UInt32>
    @usableFromInline let cursor: UnsafeMutablePointer<FoldCursor>
    public let count: Int

    @usableFromInline @inline(__always) @_lifetime(immortal)
    init(
      columns: EventColumns, rows: UnsafePointer<UInt32>, cursor: UnsafeMutablePointer<FoldCursor>, count: Int
    ) {
      self.columns = columns
      self.rows = rows
      self.cursor = cursor
      self.count = count
    }

    @inlinable public var isEmpty: Bool { count == 0 }
    @inlinable public var indices: Range<Int> { 0..<count }

    @usableFromInline @inline(__always)
    func row(_ index: Int) -> Int {
      precondition(index >= 0 && index < count, "index outside the history")
      return Int(rows[index])
    }

    @inlinable public subscript(index: Int) -> Event {
      @_lifetime(copy self) @inline(__always)
      get {
        let row = row(index)
        cursor.pointee.row = UInt32(truncatingIfNeeded: row)
        return _overrideLifetime(Event(columns: columns, row: row), copying: self)
      }
    }
  }
}

/// Where the columns of a chunk begin, by number of the column. What nobody asked for is a column of zeros.
@usableFromInline typealias EventColumns = UnsafePointer<UnsafeRawPointer>

/// The order lines of a chunk and, by row, which are whose.
@usableFromInline
struct LineColumns {
  @usableFromInline let lines: UnsafePointer<OrderLine>
  /// By row the first line and the end; nil if no lines were gathered.
  @usableFromInline let ranges: UnsafePointer<(UInt32, UInt32)>?

  @usableFromInline @inline(__always)
  func of(row: Int) -> UnsafeBufferPointer<OrderLine> {
    guard let ranges else { return UnsafeBufferPointer(start: nil, count: 0) }
    let (start, end) = ranges[row]
    return UnsafeBufferPointer(start: lines + Int(start), count: Int(end - start))
  }
}

/// The histories of a chunk, one after the other; a person without events that are read has an empty one.
public struct Histories: ~Escapable {
  @usableFromInline let columns: EventColumns
  @usableFromInline let lines: LineColumns
  @usableFromInline let rows: UnsafePointer<UInt32>
  /// Where the rows of each person end.
  @usableFromInline let ends: UnsafePointer<UInt32>
  @usableFromInline let numbers: UnsafePointer<UInt32>
  @usableFromInline let cursor: UnsafeMutablePointer<FoldCursor>
  public let count: Int

  @_lifetime(immortal)
  init(
    columns: EventColumns, lines: LineColumns, rows: UnsafePointer<UInt32>, ends: UnsafePointer<UInt32>,
    numbers: UnsafePointer<UInt32>, cursor: UnsafeMutablePointer<FoldCursor>, count: Int
  ) {
    self.columns = columns
    self.lines = lines
    self.rows = rows
    self.ends = ends
    self.numbers = numbers
    self.cursor = cursor
    self.count = count
  }

  @inlinable public var indices: Range<Int> { 0..<count }

  @inlinable public subscript(index: Int) -> History {
    @_lifetime(copy self) @inline(__always)
    get {
      precondition(index >= 0 && index < count, "index outside the chunk")
      let start = index == 0 ? 0 : Int(ends[index - 1])
      let events = History.Events(
        columns: columns, rows: rows + start, cursor: cursor, count: Int(ends[index]) - start)
      cursor.pointee = FoldCursor(customer: numbers[index], row: FoldCursor.noRow)
      return _overrideLifetime(History(customer: numbers[index], events: events, lines: lines), copying: self)
    }
  }
}

extension History {
  /// One event of a history: a view of its row in the columns of a chunk. What it says is said in ``Facts``; a column
  /// that the projection did not name reads zero.
  ///
  /// It cannot be kept: a fold copies the numbers that it needs.
  public struct Event: ~Escapable {
    @usableFromInline let columns: EventColumns
    @usableFromInline let row: Int

    @usableFromInline @inline(__always) @_lifetime(immortal)
    init(columns: EventColumns, row: Int) {
      self.columns = columns
      self.row = row
    }

    @usableFromInline @inline(__always)
    func value<Value: BitwiseCopyable>(_ column: Column, _: Value.Type) -> Value {
      columns[Int(column.rawValue)].load(fromByteOffset: row &* MemoryLayout<Value>.stride, as: Value.self)
    }

    /// Valid time.
    @inlinable public var time: Int64 { value(.time, Int64.self) }
    /// Position in the log; ask for the column `rank`.
    @inlinable public var position: UInt64 { value(.rank, UInt64.self) }
    @inlinable public var object: UInt64 { value(.object, UInt64.self) }
    @inlinable public var amount: Int64 { value(.amount, Int64.self) }
    @inlinable public var instant: Int64 { value(.instant, Int64.self) }
    @inlinable public var number: Int64 { value(.number, Int64.self) }
    /// The subject as it was sent; 0 is the firm.
    @inlinable public var customer: UInt32 { value(.customer, UInt32.self) }
    @inlinable public var marks: Facts.Marks { value(.marks, Facts.Marks.self) }
    @inlinable public var currency: UInt16 { value(.currency, UInt16.self) }
    @inlinable var kindCode: UInt8 { value(.kind, UInt8.self) }
    /// Raw value of ``direction``; 0 is none, 255 a word that is not in the vocabulary.
    @inlinable public var directionCode: UInt8 { value(.direction, UInt8.self) }
    @inlinable public var actorCode: UInt8 { value(.actor, UInt8.self) }
    @inlinable public var code: UInt8 { value(.code, UInt8.self) }
    @inlinable public var code2: UInt8 { value(.code2, UInt8.self) }
    @inlinable public var scale: UInt16 { value(.scale, UInt16.self) }
    @inlinable public var term: UInt32 { value(.term, UInt32.self) }
    @inlinable public var term2: UInt32 { value(.term2, UInt32.self) }
    @inlinable public var term3: UInt32 { value(.term3, UInt32.self) }
    @inlinable public var related: UInt64 { value(.related, UInt64.self) }
    @inlinable public var number2: Int64 { value(.number2, Int64.self) }
    @inlinable public var cause: UInt64 { value(.cause, UInt64.self) }
    @inlinable public var correlation: UInt64 { value(.correlation, UInt64.self) }
    @inlinable public var channel: UInt32 { value(.channel, UInt32.self) }
    @inlinable public var touchpoint: UInt32 { value(.touchpoint, UInt32.self) }
    @inlinable public var department: UInt32 { value(.department, UInt32.self) }
    @inlinable public var country: UInt32 { value(.country, UInt32.self) }
    @inlinable public var employee: UInt32 { value(.employee, UInt32.self) }
    @inlinable public var type: UInt32 { value(.type, UInt32.self) }
    @inlinable public var source: UInt32 { value(.source, UInt32.self) }
    /// What `cause` of another event names this one by; ask for ``ColumnSet/fingerprint``.
    @inlinable public var fingerprint: UInt64 {
      columns[ColumnSet.fingerprintSlot].load(fromByteOffset: row &* 8, as: UInt64.self)
    }

    /// The meaning of the type.
    @inlinable public var kind: EventKind { EventKind(code: kindCode) }

    /// Who turned to whom: as sent, else as the type says. Ask for the column `direction`.
    @inlinable public var direction: Direction? { Direction(rawValue: directionCode) }

    /// In or out for a touch: a customer event from or to the customer. Identity, corrections and the ledger's own
    /// events are no interactions, whatever direction was sent. Ask for the column `direction`.
    @inlinable public var touch: Direction? { Direction(rawValue: touchCode) }

    /// Raw value of ``touch``; 0 is none.
    @inlinable var touchCode: UInt8 { columns[ColumnSet.touchSlot].load(fromByteOffset: row, as: UInt8.self) }

    /// True for a touch. Ask for the column `direction`.
    @inlinable public var isTouch: Bool { touchCode != 0 }

    /// True for what makes a customer active: a touch or an order. Ask for the column `direction`.
    @inlinable public var isActivity: Bool { touchCode != 0 || kindCode == EventKind.orderPlaced.rawValue }

    /// True unless it is about identity, a correction or the ledger's own.
    public var isInteraction: Bool { EventKindSet.interactions.contains(rawValue: kindCode) }

    /// The case that it belongs to: the `case` of its type, else its `correlationid`; 0 is none. Ask for the columns
    /// `object`, `related` and `correlation`.
    public var caseKey: UInt64 {
      CaseKey.of(kind: kindCode, object: object, related: related, correlation: correlation)
    }

    @inlinable public var hasAmount: Bool { marks.contains(.hasAmount) }
    @inlinable public var hasNumber: Bool { marks.contains(.hasNumber) }
    @inlinable public var hasNumber2: Bool { marks.contains(.hasNumber2) }
    @inlinable public var hasInstant: Bool { marks.contains(.hasInstant) }
    /// The type's first boolean; nil if not sent.
    @inlinable public var flagA: Bool? { marks.contains(.aIsKnown) ? marks.contains(.aIsTrue) : nil }
    /// The type's second boolean.
    @inlinable public var flagB: Bool? { marks.contains(.bIsKnown) ? marks.contains(.bIsTrue) : nil }
    /// The type's third boolean.
    @inlinable public var flagC: Bool? { marks.contains(.cIsKnown) ? marks.contains(.cIsTrue) : nil }
  }
}
