/// Writes JSON lines into memory of its own, from literals and integers, without making a string.
///
/// The words it is given come from the source code of this module: they are already valid inside a JSON string, with
/// their escapes written out, so nothing is inspected on the way. Fields of `data` end with a comma, and closing an
/// object or array replaces the last one; so no writer of a field needs to know whether it is the first.
///
/// Invariant: `0 ..< count` holds whole lines except while a line is being written, and a line stays below
/// `lineMax` bytes, so a check per line is enough.
struct LineWriter: ~Copyable {
  /// Lines are handed on when this many bytes are reached.
  static let bytesMax = 1 << 16
  /// No line of any story is longer; the longest have some 1,500 bytes plus the source.
  static let lineMax = 1 << 13

  private let base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0

  /// `","source":"…","type":"`, rendered once.
  private let sourcePart: UnsafeMutableBufferPointer<UInt8>

  /// The day whose `2026-01-02T` is in `dayText`: neighbours in the stream share it.
  private var day = Int.min
  private let dayText: UnsafeMutablePointer<UInt8>

  init(source: String) {
    base = .allocate(capacity: LineWriter.bytesMax + LineWriter.lineMax)
    dayText = .allocate(capacity: 11)
    let part = Array(#"","source":""#.utf8) + LineWriter.escaped(source) + Array(#"","type":""#.utf8)
    sourcePart = .allocate(capacity: part.count)
    _ = sourcePart.initialize(fromContentsOf: part)
  }

  deinit {
    base.deallocate()
    dayText.deallocate()
    sourcePart.deallocate()
  }

  static func escaped(_ text: String) -> [UInt8] {
    text.utf8.flatMap { byte in
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
    }
  }

  /// What has been written.
  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base, count: count)
  }

  /// Forgets everything behind `mark`, as if it had not been written.
  mutating func rewind(to mark: Int) {
    count = mark
  }

  /// Forgets the first `length` bytes; what follows them moves to the front.
  mutating func removeFirst(_ length: Int) {
    base.update(from: base + length, count: count - length)
    count -= length
  }
}

// MARK: - Bytes

extension LineWriter {
  @inline(__always)
  mutating func raw(_ text: StaticString) {
    (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  @inline(__always)
  mutating func raw(byte: UInt8) {
    base[count] = byte
    count += 1
  }

  /// The decimal digits of a number.
  mutating func raw(number: Int) {
    var rest = number.magnitude
    if number < 0 { raw(byte: UInt8(ascii: "-")) }
    var length = 1
    var limit: UInt = 10
    while rest >= limit && length < 19 {
      length += 1
      limit *= 10
    }
    var place = count + length
    count = place
    repeat {
      place -= 1
      base[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      length -= 1
    } while length > 0
  }

  /// Exactly `width` digits, with zeros in front; a longer number is written in full.
  mutating func raw(number: Int, width: Int) {
    var limit = 10
    for _ in 1..<width {
      if number < limit { raw(byte: UInt8(ascii: "0")) }
      limit *= 10
    }
    raw(number: number)
  }

  @inline(__always)
  private mutating func raw(twoDigits number: Int) {
    base[count] = UInt8(truncatingIfNeeded: 48 + number / 10)
    base[count + 1] = UInt8(truncatingIfNeeded: 48 + number % 10)
    count += 2
  }

  /// Hundredths as a decimal number with two places.
  mutating func raw(hundredths: Int) {
    if hundredths < 0 { raw(byte: UInt8(ascii: "-")) }
    let magnitude = Int(hundredths.magnitude)
    raw(number: magnitude / 100)
    raw(byte: UInt8(ascii: "."))
    raw(twoDigits: magnitude % 100)
  }

  /// Eight hexadecimal digits: the nibbles are spread over the bytes of a word, then made letters all at once.
  @inline(__always)
  private mutating func raw(hex value: UInt32) {
    var x = UInt64(value)
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFF
    x = (x | x << 8) & 0x00FF_00FF_00FF_00FF
    x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let aboveNine = ((x &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
    let letters = x &+ 0x3030_3030_3030_3030 &+ aboveNine &* 39
    UnsafeMutableRawPointer(base + count).storeBytes(of: letters.bigEndian, as: UInt64.self)
    count += 8
  }

  /// The id of the event with this key: text like a UUID of version 4, opaque and without order.
  mutating func raw(idOf key: UInt64) {
    let high = Draw.mix(key ^ 0xA5A5_5A5A_C3C3_3C3C)
    let low = Draw.mix(key ^ 0x0F1E_2D3C_4B5A_6978)
    raw(hex: UInt32(truncatingIfNeeded: high >> 32))
    let start = count
    raw(hex: UInt32(truncatingIfNeeded: high) & 0xFFFF_0FFF | 0x4000)
    let middle = count
    raw(hex: UInt32(truncatingIfNeeded: low >> 32) & 0x3FFF_FFFF | 0x8000_0000)
    raw(hex: UInt32(truncatingIfNeeded: low))
    // …hhhhhhhh|aaaabbbb|ccccdddddddddddd becomes …-aaaa-bbbb-cccc-dddddddddddd, from the back.
    (base + middle + 8).update(from: base + middle + 4, count: 12)
    (base + middle + 3).update(from: base + middle, count: 4)
    (base + start + 6).update(from: base + start + 4, count: 4)
    (base + start + 1).update(from: base + start, count: 4)
    base[start] = UInt8(ascii: "-")
    base[start + 5] = UInt8(ascii: "-")
    base[start + 10] = UInt8(ascii: "-")
    base[start + 15] = UInt8(ascii: "-")
    count += 4
  }

  /// `2026-01-02` of the day that contains the instant (Hinnant, *Chrono-Compatible Low-Level Date Algorithms*).
  mutating func raw(date instant: Int) {
    let shifted = instant / .day - (instant % .day < 0 ? 1 : 0) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    raw(twoDigits: year / 100)
    raw(twoDigits: year % 100)
    raw(byte: UInt8(ascii: "-"))
    raw(twoDigits: month)
    raw(byte: UInt8(ascii: "-"))
    raw(twoDigits: dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  /// RFC 3339 in UTC with milliseconds.
  mutating func raw(instant: Int) {
    let ofDay = (instant % .day + .day) % .day
    let dayStart = instant - ofDay
    if dayStart == day {
      (base + count).update(from: dayText, count: 11)
      count += 11
    } else {
      raw(date: dayStart)
      raw(byte: UInt8(ascii: "T"))
      dayText.update(from: base + count - 11, count: 11)
      day = dayStart
    }
    raw(twoDigits: ofDay / .hour)
    raw(byte: UInt8(ascii: ":"))
    raw(twoDigits: ofDay / .minute % 60)
    raw(byte: UInt8(ascii: ":"))
    raw(twoDigits: ofDay / .second % 60)
    raw(byte: UInt8(ascii: "."))
    raw(byte: UInt8(truncatingIfNeeded: 48 + ofDay / 100 % 10))
    raw(twoDigits: ofDay % 100)
    raw(byte: UInt8(ascii: "Z"))
  }

  /// A subject: opaque, never personal.
  mutating func raw(customer: Int) {
    raw(byte: UInt8(ascii: "C"))
    raw(number: customer, width: 6)
  }
}

// MARK: - The envelope

extension LineWriter {
  /// Opens a line: everything that every event has. `customer` below zero: an event of the firm, without a subject.
  mutating func open(_ type: StaticString, key: UInt64, customer: Int, time: Int) {
    raw(#"{"specversion":"1.0","id":""#)
    raw(idOf: key)
    (base + count).update(from: UnsafePointer(sourcePart.baseAddress!), count: sourcePart.count)
    count += sourcePart.count
    raw(type)
    if customer >= 0 {
      raw(#"","subject":""#)
      raw(customer: customer)
    }
    raw(#"","time":""#)
    raw(instant: time)
    raw(byte: UInt8(ascii: "\""))
  }

  @inline(__always)
  private mutating func openAttribute(_ name: StaticString) {
    raw(#",""#)
    raw(name)
    raw(#"":""#)
  }

  @inline(__always)
  mutating func attribute(_ name: StaticString, _ word: StaticString) {
    openAttribute(name)
    raw(word)
    raw(byte: UInt8(ascii: "\""))
  }

  /// An attribute such as `O123`: a letter or word, and the number of a story.
  @inline(__always)
  mutating func attribute(_ name: StaticString, _ prefix: StaticString, _ number: Int) {
    openAttribute(name)
    raw(prefix)
    raw(number: number)
    raw(byte: UInt8(ascii: "\""))
  }

  @inline(__always)
  mutating func attribute(_ name: StaticString, idOf key: UInt64) {
    openAttribute(name)
    raw(idOf: key)
    raw(byte: UInt8(ascii: "\""))
  }

  /// Everything after this is a field of `data`, until `close()`.
  @inline(__always)
  mutating func data() {
    raw(#","data":{"#)
  }

  /// Ends `data`, the object and the line.
  mutating func close() {
    endList(with: UInt8(ascii: "}"))
    raw("}\n")
    precondition(count <= LineWriter.bytesMax + LineWriter.lineMax, "A line is longer than any story's should be.")
  }

  /// Replaces the comma of the last element, or follows the opening bracket of an empty list.
  @inline(__always)
  private mutating func endList(with bracket: UInt8) {
    if base[count - 1] == UInt8(ascii: ",") { count -= 1 }
    raw(byte: bracket)
  }
}

// MARK: - Fields of data

extension LineWriter {
  @inline(__always)
  private mutating func name(_ name: StaticString) {
    raw(byte: UInt8(ascii: "\""))
    raw(name)
    raw(#"":"#)
  }

  @inline(__always)
  private mutating func comma() {
    raw(byte: UInt8(ascii: ","))
  }

  @inline(__always)
  mutating func field(_ field: StaticString, _ word: StaticString) {
    openText(field)
    raw(word)
    closeText()
  }

  /// An id such as `O123`.
  @inline(__always)
  mutating func field(_ field: StaticString, _ prefix: StaticString, _ number: Int) {
    openText(field)
    raw(prefix)
    raw(number: number)
    closeText()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, number: Int) {
    name(field)
    raw(number: number)
    comma()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, flag: Bool) {
    name(field)
    raw(flag ? "true," : "false,")
  }

  /// An amount in hundredths of the major unit, as text.
  @inline(__always)
  mutating func field(_ field: StaticString, money hundredths: Int) {
    openText(field)
    raw(hundredths: hundredths)
    closeText()
  }

  /// A decimal number: a share, a sentiment, or an amount of a producer that sends numbers.
  @inline(__always)
  mutating func field(_ field: StaticString, hundredths: Int) {
    name(field)
    raw(hundredths: hundredths)
    comma()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, date instant: Int) {
    openText(field)
    raw(date: instant)
    closeText()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, instant: Int) {
    openText(field)
    raw(instant: instant)
    closeText()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, customer: Int) {
    openText(field)
    raw(customer: customer)
    closeText()
  }

  @inline(__always)
  mutating func field(_ field: StaticString, idOf key: UInt64) {
    openText(field)
    raw(idOf: key)
    closeText()
  }

  /// The source of all events, as the field that names it.
  mutating func fieldSource() {
    // What is rendered for the envelope, without its first two bytes and its last eight.
    (base + count).update(from: UnsafePointer(sourcePart.baseAddress! + 2), count: sourcePart.count - 10)
    count += sourcePart.count - 10
  }

  /// For text of several parts: `raw` between this and `closeText()`.
  @inline(__always)
  mutating func openText(_ field: StaticString) {
    name(field)
    raw(byte: UInt8(ascii: "\""))
  }

  @inline(__always)
  mutating func closeText() {
    raw(#"","#)
  }

  @inline(__always)
  mutating func openObject(_ field: StaticString) {
    name(field)
    raw(byte: UInt8(ascii: "{"))
  }

  /// An object that is an element of an array.
  @inline(__always)
  mutating func openObject() {
    raw(byte: UInt8(ascii: "{"))
  }

  @inline(__always)
  mutating func closeObject() {
    endList(with: UInt8(ascii: "}"))
    comma()
  }

  @inline(__always)
  mutating func openArray(_ field: StaticString) {
    name(field)
    raw(byte: UInt8(ascii: "["))
  }

  @inline(__always)
  mutating func element(_ word: StaticString) {
    raw(byte: UInt8(ascii: "\""))
    raw(word)
    raw(#"","#)
  }

  @inline(__always)
  mutating func closeArray() {
    endList(with: UInt8(ascii: "]"))
    comma()
  }
}
