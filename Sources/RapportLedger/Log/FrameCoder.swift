import CZstd

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
/// An id that is a UUID in lower case always stands there, and no other id is empty. Unpacked (``UnpackedRecords``), a
/// frame is the records as they were.
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

  /// Appends the records of a frame to `records`.
  ///
  /// - Returns: false if the frame is not what `rawBytes` and its own parts say; what was appended is then of no use.
  func decompress(_ frame: UnsafeRawBufferPointer, rawBytes: Int, into records: inout UnpackedRecords) -> Bool {
    guard frame.count >= 4 else { return false }
    let count = Int(UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)))
    guard count <= (frame.count - 4) / UUIDText.packedCount else { return false }
    let uuids = UnsafeRawBufferPointer(rebasing: frame[4..<4 + count * UUIDText.packedCount])
    let rest = UnsafeRawBufferPointer(rebasing: frame[(4 + uuids.count)...])
    if packed.count < rawBytes { packed = [UInt8](repeating: 0, count: max(rawBytes, 64 * 1024)) }
    let written = packed.withUnsafeMutableBytes { out in
      ZSTD_decompressDCtx(decompressor, out.baseAddress, rawBytes, rest.baseAddress, rest.count)
    }
    guard ZSTD_isError(written) == 0 else { return false }
    return packed.withUnsafeBufferPointer { packed in
      records.append(UnsafeBufferPointer(rebasing: packed[..<written]), uuids, rawBytes: rawBytes)
    }
  }
}
