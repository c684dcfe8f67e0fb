/// Packs whole numbers into the bytes of a section.
enum SectionEncoder {
  /// Appends the packed form of `values` to `bytes` and describes it. Numbers of 64 bits have a sign.
  ///
  /// - Parameter allowSparse: false for sections that are read by index alone.
  /// - Complexity: O(n); a column of zeros costs next to nothing.
  @inline(__always)
  static func encode<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, allowSparse: Bool = true, into bytes: inout [UInt8]
  ) -> Section {
    var section = Section()
    section.count = UInt32(values.count)
    let extent = Extent(values)
    if extent.low == extent.high {
      section.encoding = Section.constant
      section.base = extent.low
      return section
    }
    align(&bytes)
    let start = bytes.count
    section.offset = UInt32(start)
    let packing = Packing(values, extent)
    if !allowSparse || !encodeSparse(values, limit: values.count * packing.width, &section, &bytes) {
      section.encoding = Section.dense
      section.set(packing)
      append(values, packing, to: &bytes)
    }
    section.byteCount = UInt32(bytes.count - start)
    return section
  }

  /// Appends the sparse form if it has fewer bytes than `limit`.
  ///
  /// - Returns: whether it did.
  @inline(__always)
  private static func encodeSparse<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, limit: Int, _ section: inout Section, _ bytes: inout [UInt8]
  ) -> Bool {
    var present = 0
    for value in values { present += value == 0 ? 0 : 1 }
    let layout = SparseLayout(count: values.count)
    guard layout.valuesOffset + present < limit else { return false }
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: present + 1) { scratch in
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: layout.valuesOffset))
      bytes.withUnsafeMutableBytes { bytes in
        collectPresent(values, layout, bytes.baseAddress! + start, scratch.baseAddress!)
      }
      // The zeros are left out, so base, unit and width come from the others alone.
      let others = UnsafeBufferPointer(start: scratch.baseAddress, count: present)
      let packing = Packing(others, Extent(others), widthMin: 1)
      guard layout.valuesOffset + present * packing.width < limit else {
        bytes.removeLast(layout.valuesOffset)
        return false
      }
      section.encoding = Section.sparse
      section.set(packing)
      append(others, packing, to: &bytes)
      return true
    }
  }

  /// Writes the bits and ranks of a sparse section to `target`, and the values that are not zero to `present`,
  /// which has room for one more.
  @inline(__always)
  private static func collectPresent<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, _ layout: SparseLayout, _ target: UnsafeMutableRawPointer,
    _ present: UnsafeMutablePointer<Value>
  ) {
    let words = target.assumingMemoryBound(to: UInt64.self)
    let ranks = (target + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
    var rank = 0
    for index in 0..<layout.words {
      ranks[index] = UInt32(rank)
      let rows = UnsafeBufferPointer(rebasing: values[index * 64..<min(index * 64 + 64, values.count)])
      guard Extent.any(rows) != 0 else { continue }
      var word: UInt64 = 0
      for offset in 0..<rows.count {
        let isPresent: UInt64 = rows[offset] == 0 ? 0 : 1
        word |= isPresent &<< UInt64(offset)
        // Without a branch: the next value takes the place of a zero.
        present[rank] = rows[offset]
        rank += Int(isPresent)
      }
      words[index] = word
    }
  }

  /// Appends raw bytes as a section.
  static func encode(bytes raw: [UInt8], into bytes: inout [UInt8]) -> Section {
    encode(into: &bytes) { $0 += raw }
  }

  /// Describes what `append` appends as a section of raw bytes, or of frames.
  static func encode(
    as encoding: UInt8 = Section.bytes, into bytes: inout [UInt8], _ append: (inout [UInt8]) -> Void
  ) -> Section {
    align(&bytes)
    var section = Section()
    section.encoding = encoding
    section.offset = UInt32(bytes.count)
    append(&bytes)
    section.byteCount = UInt32(bytes.count) - section.offset
    return section
  }

  static func align(_ bytes: inout [UInt8]) {
    while bytes.count % 8 != 0 { bytes.append(0) }
  }

  @inline(__always)
  private static func append<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, _ packing: Packing, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: values.count * packing.width))
    bytes.withUnsafeMutableBytes { bytes in
      let target = bytes.baseAddress! + start
      switch packing.width {
      case 1: packing.store(values, to: target.assumingMemoryBound(to: UInt8.self))
      case 2: packing.store(values, to: target.assumingMemoryBound(to: UInt16.self))
      case 4: packing.store(values, to: target.assumingMemoryBound(to: UInt32.self))
      default: packing.store(values, to: target.assumingMemoryBound(to: UInt64.self))
      }
    }
  }

  /// The least and the greatest of some values; zero if there are none.
  fileprivate struct Extent {
    var low: Int64 = 0
    var high: Int64 = 0

    @inline(__always)
    init<Value: FixedWidthInteger>(_ values: UnsafeBufferPointer<Value>) {
      // Most columns of most blocks are nothing but zeros.
      guard let first = values.first, Self.any(values) != 0 else { return }
      var (least, greatest) = (first, first)
      for value in values {
        least = min(least, value)
        greatest = max(greatest, value)
      }
      low = Int64(truncatingIfNeeded: least)
      high = Int64(truncatingIfNeeded: greatest)
    }

    /// All bits of the values: zero if they are all zero.
    @inline(__always)
    static func any<Value: FixedWidthInteger>(_ values: UnsafeBufferPointer<Value>) -> Value {
      var bits: Value = 0
      for value in values { bits |= value }
      return bits
    }
  }

  /// How values become the numbers that are stored.
  struct Packing {
    private(set) var base: Int64 = 0
    private(set) var unit = ExactDivisor(1)
    /// Bytes of a stored number.
    private(set) var width = 8

    /// Units worth trying, coarsest first: a day, a second, a millisecond and a microsecond of nanoseconds; a million
    /// (a whole score in millionths), ten thousand (a whole currency unit), a hundred (a cent).
    private static let units = [86_400_000_000_000, 1_000_000_000, 1_000_000, 10_000, 1_000, 100]
      .map { ExactDivisor($0) }

    @inline(__always)
    fileprivate init<Value: FixedWidthInteger>(
      _ values: UnsafeBufferPointer<Value>, _ extent: Extent, widthMin: Int = 0
    ) {
      let (range, overflow) = extent.high.subtractingReportingOverflow(extent.low)
      if overflow { return }
      for candidate in Self.units where range >= candidate.value && candidate.divides(UInt64(range)) {
        // Random numbers fail at once: this is a pass over all only where the unit fits.
        let low = Value(truncatingIfNeeded: extent.low)
        if values.allSatisfy({ candidate.divides(UInt64(truncatingIfNeeded: $0 &- low)) }) {
          unit = candidate
          break
        }
      }
      width = max(Self.width(of: unit.quotient(UInt64(range))), widthMin)
      if width < 8 || unit.value > 1 { base = extent.low }
    }

    private static func width(of value: UInt64) -> Int {
      value == 0 ? 0 : value < 1 << 8 ? 1 : value < 1 << 16 ? 2 : value < 1 << 32 ? 4 : 8
    }

    @inline(__always)
    fileprivate func store<Value: FixedWidthInteger, Stored: FixedWidthInteger>(
      _ values: UnsafeBufferPointer<Value>, to target: UnsafeMutablePointer<Stored>
    ) {
      let base = Value(truncatingIfNeeded: base)
      if unit.value == 1 {
        for index in 0..<values.count { target[index] = Stored(truncatingIfNeeded: values[index] &- base) }
      } else {
        for index in 0..<values.count {
          target[index] = Stored(truncatingIfNeeded: unit.quotient(UInt64(truncatingIfNeeded: values[index] &- base)))
        }
      }
    }
  }
}

/// Divides numbers that are multiples of another without dividing, and tells whether they are.
///
/// Odd numbers have an inverse modulo 2⁶⁴, and a multiple times the inverse is the quotient. Turning the powers of two
/// out at the low end puts what is not a multiple beyond the largest quotient (Granlund and Montgomery, 1994, § 9).
struct ExactDivisor {
  let value: Int64
  private let inverse: UInt64
  private let shift: UInt64
  private let quotientMax: UInt64

  init(_ value: Int64) {
    self.value = value
    shift = UInt64(value.trailingZeroBitCount)
    let odd = UInt64(value) >> shift
    var inverse = odd  // right in its 3 lowest bits; each step doubles them
    for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
    self.inverse = inverse
    quotientMax = UInt64.max / UInt64(value)
  }

  /// - Precondition: `number` is a multiple.
  @inline(__always)
  func quotient(_ number: UInt64) -> UInt64 {
    let product = number &* inverse
    return product &>> shift | product &<< (64 &- shift)
  }

  @inline(__always)
  func divides(_ number: UInt64) -> Bool { quotient(number) <= quotientMax }
}

extension Section {
  fileprivate mutating func set(_ packing: SectionEncoder.Packing) {
    base = packing.base
    unit = packing.unit.value
    width = UInt8(packing.width)
  }
}
