import CHash
import CZstd

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Packs payload records into frames and unpacks them, with zstd's contexts and all buffers kept: making them costs more
/// than a frame.
///
/// Ids are mostly UUIDs: 36 bytes of text that say 16, which zstd can hardly shorten but works hard on. A frame keeps
/// them in binary before the rest; that halves the time of packing and saves eight bytes an event:
///
/// | size | field |
/// |---|---|
/// | 4 | number of UUIDs, little-endian |
/// | 16 each | the UUIDs, in the order of their records |
/// | … | a zstd frame: the records (``PayloadRecord``) end to end, those of the UUIDs with an empty id |
///
/// An id that is a UUID in lower case always stands there, and no other id is empty. Unpacked, a frame is the records as
/// they were.
final class FrameCoder {
  private let compressor = ZSTD_createCCtx()!
  private let decompressor = ZSTD_createDCtx()!
  private var packed: [UInt8] = []

  /// For inputs of 32 KiB zstd would choose a smaller table, which is a tenth slower.
  private static let hashLog: Int32 = 15

  /// A third faster than level 1 and, in frames twice as large, no worse.
  private static let level: Int32 = -3

  init() {
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, Self.level)
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_hashLog, Self.hashLog)
  }

  deinit {
    ZSTD_freeCCtx(compressor)
    ZSTD_freeDCtx(decompressor)
  }

  /// Appends the frame of some records to `bytes`.
  func compress(_ records: borrowing FrameRecords, into bytes: inout [UInt8]) {
    let bound = ZSTD_compressBound(records.text.count)
    if packed.count < bound { packed = [UInt8](repeating: 0, count: bound) }
    let written = packed.withUnsafeMutableBytes { out in
      ZSTD_compress2(compressor, out.baseAddress, out.count, records.text.baseAddress, records.text.count)
    }
    precondition(ZSTD_isError(written) == 0, "zstd refuses to compress")
    let uuids = UInt32(records.uuids.count / UUIDText.packedCount)
    withUnsafeBytes(of: uuids.littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: records.uuids)
    bytes.append(contentsOf: packed[..<written])
  }

  /// Replaces `raw` with the records of a frame.
  ///
  /// - Returns: false if the frame is not what `rawBytes` and its own parts say.
  func decompress(_ frame: UnsafeRawBufferPointer, rawBytes: Int, into raw: inout [UInt8]) -> Bool {
    guard frame.count >= 4 else { return false }
    let count = Int(UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)))
    guard count <= (frame.count - 4) / UUIDText.packedCount else { return false }
    let uuids = UnsafeRawBufferPointer(rebasing: frame[4..<4 + count * UUIDText.packedCount])
    let rest = UnsafeRawBufferPointer(rebasing: frame[(4 + uuids.count)...])
    if raw.count < rawBytes { raw = [UInt8](repeating: 0, count: max(rawBytes, 64 * 1024)) }
    if packed.count < rawBytes { packed = [UInt8](repeating: 0, count: rawBytes) }
    let written = packed.withUnsafeMutableBytes { out in
      ZSTD_decompressDCtx(decompressor, out.baseAddress, rawBytes, rest.baseAddress, rest.count)
    }
    guard ZSTD_isError(written) == 0 else { return false }
    return packed.withUnsafeBufferPointer { packed in
      raw.withUnsafeMutableBytes { raw in
        Self.restore(
          uuids, UnsafeBufferPointer(rebasing: packed[..<written]),
          to: UnsafeMutableRawBufferPointer(rebasing: raw[..<rawBytes]))
      }
    }
  }

  /// Copies records to `raw`, with the UUIDs in place of empty ids.
  ///
  /// - Returns: false if they are not as many as fill it.
  private static func restore(
    _ uuids: UnsafeRawBufferPointer, _ records: UnsafeBufferPointer<UInt8>, to raw: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var source = 0
    var target = 0
    var uuid = 0
    while source < records.count {
      guard let record = RecordLayout(records, at: source) else { return false }
      var copied = source
      if record.id.isEmpty {
        let length = 2 + UUIDText.count + record.end - record.id.upperBound
        guard uuid < uuids.count, target + Varint.length(length) + length <= raw.count else { return false }
        target = Varint.store(length, to: raw, at: target)
        raw[target] = records[record.form]
        raw[target + 1] = UInt8(UUIDText.count)
        UUIDText.unpack(uuids.baseAddress! + uuid, to: raw.baseAddress! + target + 2)
        target += 2 + UUIDText.count
        uuid += UUIDText.packedCount
        copied = record.id.upperBound
      }
      guard record.end - copied <= raw.count - target else { return false }
      memcpy(raw.baseAddress! + target, records.baseAddress! + copied, record.end - copied)
      target += record.end - copied
      source = record.end
    }
    return target == raw.count && uuid == uuids.count
  }
}

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

/// Where the parts lie that records of all forms begin with: length, form and id (``PayloadRecord``).
private struct RecordLayout {
  /// Offset of the form.
  let form: Int
  let id: Range<Int>
  /// Offset of the next record.
  let end: Int

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
