/// A small fact of a person: when, what, about which name, how much.
///
/// What the parts mean is the projection's own. Parts that are zero take no room.
public struct PackedFact: Sendable, Equatable {
  /// Nanoseconds since 1970.
  public var time: Int64
  public var code: UInt8
  /// A number of the ledger's name table.
  public var name: UInt32
  public var number: Int64

  @inlinable
  public init(time: Int64, code: UInt8, name: UInt32 = 0, number: Int64 = 0) {
    self.time = time
    self.code = code
    self.name = name
    self.number = number
  }
}

/// A projection with so many small facts of each person that records of a fixed size would be mostly zeros: they are kept
/// packed, in six or seven bytes each instead of 24 or 32.
///
/// | bytes | part |
/// |---|---|
/// | 1 | `code` |
/// | 1 | bits 0 … 2: length of the step; 3 … 4: of the name; 5 … 6: of the number; 7: the step is in milliseconds |
/// | 0 … 8 | step: the time since the fact before (of the first one since 1970), in nanoseconds or milliseconds |
/// | 0, 1, 2, 4 | `name` |
/// | 0, 2, 4, 8 | `number` |
///
/// Steps and numbers are of either sign: 0, −1, 1, −2, … are 0, 1, 2, 3, … All is little-endian.
public protocol PackedProjection: Projection where Record == UInt8 {
  /// Appends the facts of one history, which is not empty.
  func fold(_ history: borrowing History, scratch: inout Scratch, into facts: inout FactWriter)
  /// Feeds what a fact means to a digest; names by ``DigestHasher/add(name:)``.
  func digest(_ fact: PackedFact, into hasher: inout DigestHasher)
}

extension PackedProjection {
  @inlinable
  public func fold(
    _ histories: borrowing Histories, scratch: inout Scratch, into outcomes: inout Outcomes<UInt8>
  ) {
    outcomes.people.reserveCapacity(histories.count)
    var facts = FactWriter()
    for index in histories.indices {
      let history = histories[index]
      if history.events.isEmpty { continue }
      facts.begin()
      fold(history, scratch: &scratch, into: &facts)
      outcomes.people.append(.init(customer: history.customer, end: facts.count))
    }
    facts.move(to: &outcomes.records)
  }

  @inlinable
  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [UInt8]) {
    var facts = FactWriter()
    fold(history, scratch: &scratch, into: &facts)
    facts.move(to: &records)
  }

  @inlinable
  public func digest(_ records: Span<UInt8>, into hasher: inout DigestHasher) {
    var facts = FactReader(records)
    while let fact = facts.next() { digest(fact, into: &hasher) }
  }

  @inlinable
  public func digest(_ record: UInt8, into hasher: inout DigestHasher) { hasher.add(record) }
}

/// Packs facts, those of a person after each other.
public struct FactWriter: ~Copyable {
  @usableFromInline var start: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity = 1 << 12
  /// Bytes so far.
  @usableFromInline var count = 0
  @usableFromInline var last: Int64 = 0

  /// The most that a fact takes, and as much as may be written beyond it.
  @usableFromInline static var factBytesMax: Int { 32 }
  @usableFromInline static var millisecond: Int64 { 1_000_000 }

  @usableFromInline init() { start = .allocate(capacity: capacity) }

  deinit { start.deallocate() }

  /// The next fact is the first of a person.
  @inlinable @inline(__always)
  mutating func begin() { last = 0 }

  @inlinable @inline(__always)
  public mutating func append(_ fact: PackedFact) {
    if count &+ Self.factBytesMax > capacity { grow() }
    let elapsed = fact.time &- last
    last = fact.time
    let milliseconds = elapsed / Self.millisecond
    let isWhole = milliseconds &* Self.millisecond == elapsed
    let step = Self.folded(isWhole ? milliseconds : elapsed)
    let number = Self.folded(fact.number)
    let stepBytes = (64 &- step.leadingZeroBitCount &+ 7) >> 3
    let stepSize = stepBytes == 7 ? 8 : stepBytes
    let nameSize = (fact.name != 0 ? 1 : 0) &+ (fact.name > 0xFF ? 1 : 0) &+ (fact.name > 0xFFFF ? 1 : 0)
    let numberSize = (number != 0 ? 1 : 0) &+ (number > 0xFFFF ? 1 : 0) &+ (number > 0xFFFF_FFFF ? 1 : 0)
    var place = UnsafeMutableRawPointer(start + count)
    place.storeBytes(of: fact.code, as: UInt8.self)
    let sizes = min(stepSize, 7) | nameSize << 3 | numberSize << 5 | (isWhole ? 1 << 7 : 0)
    place.storeBytes(of: UInt8(truncatingIfNeeded: sizes), toByteOffset: 1, as: UInt8.self)
    place += 2
    place.storeBytes(of: step.littleEndian, as: UInt64.self)
    place += stepSize
    place.storeBytes(of: fact.name.littleEndian, as: UInt32.self)
    place += (1 << nameSize) >> 1
    place.storeBytes(of: number.littleEndian, as: UInt64.self)
    place += (1 << numberSize) & ~1
    count = place - UnsafeMutableRawPointer(start)
  }

  /// A number of either sign as one of none.
  @inlinable @inline(__always)
  static func folded(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)) }

  @usableFromInline @inline(never)
  mutating func grow() { start.double(&capacity, keeping: count) }

  /// Appends the bytes to an array and forgets them.
  @usableFromInline
  mutating func move(to records: inout [UInt8]) {
    records.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    count = 0
    last = 0
  }
}

/// Reads the packed facts of one person.
///
/// ```swift
/// var facts = FactReader(records)
/// while let fact = facts.next() { … }
/// ```
public struct FactReader: ~Escapable {
  @usableFromInline var place: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer
  @usableFromInline var last: Int64 = 0

  @inlinable @_lifetime(copy records)
  public init(_ records: Span<UInt8>) {
    let (start, count) = records.withUnsafeBufferPointer { ($0.baseAddress, $0.count) }
    place = start.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(bitPattern: 1)!
    end = place + count
  }

  /// - Returns: nil after the last one.
  @inlinable @inline(__always)
  public mutating func next() -> PackedFact? {
    guard end - place >= 2 else { return nil }
    let code = place.load(as: UInt8.self)
    let sizes = Int((place + 1).load(as: UInt8.self))
    place += 2
    let step = Self.unfolded(take(sizes & 7 == 7 ? 8 : sizes & 7))
    let name = take((1 << (sizes >> 3 & 3)) >> 1)
    let number = Self.unfolded(take((1 << (sizes >> 5 & 3)) & ~1))
    last = last &+ (sizes & 1 << 7 == 0 ? step : step &* FactWriter.millisecond)
    return PackedFact(time: last, code: code, name: UInt32(truncatingIfNeeded: name), number: number)
  }

  @inlinable @inline(__always)
  mutating func take(_ size: Int) -> UInt64 {
    if end - place >= 8 {
      let word = UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
      place += size
      return word & (size == 8 ? .max : (1 &<< UInt64(size * 8)) &- 1)
    }
    return takeLast(size)
  }

  @usableFromInline @inline(never)
  mutating func takeLast(_ size: Int) -> UInt64 {
    precondition(size <= end - place, "packed facts end too early")
    var word: UInt64 = 0
    for index in 0..<size { word |= UInt64((place + index).load(as: UInt8.self)) << UInt64(index * 8) }
    place += size
    return word
  }

  @inlinable @inline(__always)
  static func unfolded(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
  }
}
