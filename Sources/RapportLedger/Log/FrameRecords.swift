#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The records of a frame while it is being filled.
struct FrameRecords: ~Copyable {
  /// Records end to end, those with a UUID for an id without it.
  private var bytes = ByteBuffer(capacity: bytesMax + 4096)
  private var packed = ByteBuffer()
  /// Bytes of the records as they were.
  private(set) var rawBytes = 0

  /// Frames close when zstd gets this much.
  static let bytesMax = 32 * 1024

  var isFull: Bool { bytes.count >= Self.bytesMax }
  var text: UnsafeBufferPointer<UInt8> { bytes.text }
  var uuids: UnsafeBufferPointer<UInt8> { packed.text }

  /// - Parameter record: a whole record, its length included.
  mutating func append(_ record: UnsafeBufferPointer<UInt8>) {
    guard let layout = RecordLayout(record, at: 0), !layout.id.isEmpty, layout.end == record.count else {
      preconditionFailure("a payload record has a length and an id")
    }
    rawBytes += record.count
    var rest = record
    if layout.id.count == UUIDText.count, appendUUID(record.baseAddress! + layout.id.lowerBound) {
      rest = UnsafeBufferPointer(rebasing: record[layout.id.upperBound...])
      bytes.append(varint: 2 + rest.count)
      bytes.append(record[layout.form])
      bytes.append(0)
    }
    bytes.append(rest)
  }

  private mutating func appendUUID(_ text: UnsafePointer<UInt8>) -> Bool {
    packed.append(zeros: UUIDText.packedCount)
    let isUUID = UUIDText.pack(text, to: packed.bytes + packed.count - UUIDText.packedCount)
    if !isUUID { packed.truncate(to: packed.count - UUIDText.packedCount) }
    return isUUID
  }

  mutating func removeAll() {
    bytes.removeAll()
    packed.removeAll()
    rawBytes = 0
  }
}

/// The records of frames that were unpacked, one after the other.
///
/// They stay as they are in frames: most often a few of hundreds are asked for, and only those get their UUIDs back.
struct UnpackedRecords {
  private var text: [UInt8] = []
  private var uuids: [UInt8] = []
  /// Of each record where it begins in `text`, and its UUID in `uuids`; −1 if it has none.
  private var places: [(start: Int, uuid: Int)] = []
  /// The record that was asked for last, with its UUID.
  private var whole: [UInt8] = []

  var count: Int { places.count }

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    uuids.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  /// - Returns: false if these are no records, or not as many as their UUIDs, or `rawBytes` is not their size.
  mutating func append(
    _ records: UnsafeBufferPointer<UInt8>, _ uuids: UnsafeRawBufferPointer, rawBytes: Int
  ) -> Bool {
    let (firstByte, firstUUID) = (text.count, self.uuids.count)
    text.append(contentsOf: records)
    self.uuids.append(contentsOf: uuids)
    var (start, uuid, bytes) = (0, 0, 0)
    while start < records.count {
      guard let record = RecordLayout(records, at: start) else { return false }
      if record.id.isEmpty {
        places.append((firstByte + start, firstUUID + uuid))
        uuid += UUIDText.packedCount
        bytes += Varint.length(record.wholeLength) + record.wholeLength
      } else {
        places.append((firstByte + start, -1))
        bytes += record.end - start
      }
      start = record.end
    }
    return bytes == rawBytes && uuid == uuids.count
  }

  /// Hands a whole record to `body`; it is valid only there.
  mutating func withRecord<R>(
    _ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    let (start, uuid) = places[index]
    let end = index + 1 < places.count ? places[index + 1].start : text.count
    guard uuid >= 0 else {
      return try text.withUnsafeBufferPointer { text throws(LedgerError) in
        try body(UnsafeBufferPointer(rebasing: text[start..<end]))
      }
    }
    let count = restore(start, uuid)
    return try whole.withUnsafeBufferPointer { whole throws(LedgerError) in
      try body(UnsafeBufferPointer(rebasing: whole[..<count]))
    }
  }

  /// Writes a record with its UUID to `whole`.
  ///
  /// - Returns: its size.
  private mutating func restore(_ start: Int, _ uuid: Int) -> Int {
    text.withUnsafeBufferPointer { text in
      let record = RecordLayout(text, at: start)!
      let length = record.wholeLength
      let size = Varint.length(length) + length
      if whole.count < size { whole = [UInt8](repeating: 0, count: 2 * size) }
      whole.withUnsafeMutableBytes { whole in
        let form = Varint.store(length, to: whole, at: 0)
        whole[form] = text[record.form]
        whole[form + 1] = UInt8(UUIDText.count)
        uuids.withUnsafeBytes { UUIDText.unpack($0.baseAddress! + uuid, to: whole.baseAddress! + form + 2) }
        memcpy(
          whole.baseAddress! + form + 2 + UUIDText.count, text.baseAddress! + record.id.upperBound,
          record.end - record.id.upperBound)
      }
      return size
    }
  }
}

/// Where the parts lie that records of all forms begin with: length, form and id (``PayloadRecord``).
private struct RecordLayout {
  /// Offset of the form.
  let form: Int
  let id: Range<Int>
  /// Offset of the next record.
  let end: Int

  /// What a record without an id says of its length when it has its UUID back.
  var wholeLength: Int { 2 + UUIDText.count + end - id.upperBound }

  /// - Returns: nil if the record does not fit.
  @inline(__always)
  init?(_ records: UnsafeBufferPointer<UInt8>, at offset: Int) {
    guard let (length, start) = Varint.read(records, at: offset), length >= 2, length <= records.count - start,
      let (idCount, idStart) = Varint.read(records, at: start + 1), idStart <= start + length,
      idCount <= start + length - idStart
    else { return nil }
    form = start
    id = idStart..<idStart + idCount
    end = start + length
  }
}
