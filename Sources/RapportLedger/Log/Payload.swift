import CHash

/// What replay does not need of an event: its id, and the members of its JSON object that no column holds, as sent.
///
/// A record in a frame:
///
/// | size | field |
/// |---|---|
/// | varint | bytes of the rest of the record |
/// | 1 | form: 0 plain, 1 with a sealed part; others are refused |
/// | varint | bytes of the id |
/// | … | the id, unescaped |
/// | varint | form 1 only: bytes of the sealed part, at the end of the record |
/// | … | the other members, minified and joined by commas: `"note":"x","data":{…}` |
/// | … | form 1 only: the personal members, sealed (``Cipher``) under the customer's key for a hash of the id |
///
/// The sealed part is a list of members too; it is merged into the others when the event is shown (``JSONMerge``).
///
/// Records follow the order of the rows, so a customer's records stand together, and are packed into frames of about
/// 32 KiB (``FrameCoder``): one event, or one customer's events of a block, are read without unpacking the rest.
struct PayloadRecord {
  /// Unescaped id.
  var id: UnsafeBufferPointer<UInt8>
  /// Members as JSON text.
  var members: UnsafeBufferPointer<UInt8>
  /// The personal members, sealed; empty if there are none.
  var sealed: UnsafeBufferPointer<UInt8>

  static let plainForm: UInt8 = 0
  static let sealedForm: UInt8 = 1

  /// Appends a record. Personal members stand where they will be sealed in place (``Sealer``), with room around them
  /// for the nonce and the tag.
  @inline(__always)
  static func append(
    id: UnsafeBufferPointer<UInt8>, members: UnsafeBufferPointer<UInt8>, personal: UnsafeBufferPointer<UInt8>,
    to bytes: inout ByteBuffer
  ) {
    let length = 1 + Varint.length(id.count) + id.count + members.count
    if personal.isEmpty {
      bytes.append(varint: length)
      bytes.append(plainForm)
      bytes.append(varint: id.count)
      bytes.append(id)
      bytes.append(members)
    } else {
      let sealed = personal.count + Cipher.overhead
      bytes.append(varint: length + Varint.length(sealed) + sealed)
      bytes.append(sealedForm)
      bytes.append(varint: id.count)
      bytes.append(id)
      bytes.append(varint: sealed)
      bytes.append(members)
      bytes.append(zeros: Cipher.nonceBytes)
      bytes.append(personal)
      bytes.append(zeros: Cipher.tagBytes)
    }
  }

  /// What the sealed part belongs to: a hash of the id.
  var owner: UInt64 { rpt_hash64(id.baseAddress, id.count, 0) }

  /// Parses the record that begins at `offset`.
  ///
  /// - Returns: the record and the offset of the next one; nil if it does not fit the frame or has another form.
  static func parse(_ frame: UnsafeBufferPointer<UInt8>, at offset: Int) -> (record: PayloadRecord, next: Int)? {
    guard let (length, start) = Varint.read(frame, at: offset), length >= 2, start + length <= frame.count,
      frame[start] == plainForm || frame[start] == sealedForm,
      let (idLength, idStart) = Varint.read(frame, at: start + 1),
      idStart + idLength <= start + length
    else { return nil }
    let end = start + length
    var membersStart = idStart + idLength
    var membersEnd = end
    if frame[start] == sealedForm {
      guard let (sealedLength, next) = Varint.read(frame, at: membersStart), next + sealedLength <= end else {
        return nil
      }
      membersStart = next
      membersEnd = end - sealedLength
    }
    return (
      PayloadRecord(
        id: UnsafeBufferPointer(rebasing: frame[idStart..<idStart + idLength]),
        members: UnsafeBufferPointer(rebasing: frame[membersStart..<membersEnd]),
        sealed: UnsafeBufferPointer(rebasing: frame[membersEnd..<end])),
      end
    )
  }
}

/// Unsigned LEB128.
enum Varint {
  /// - Precondition: there is room.
  /// - Returns: the offset behind it.
  static func store(_ value: Int, to bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    var rest = UInt64(value)
    var offset = offset
    while rest >= 0x80 {
      bytes[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
      rest >>= 7
      offset += 1
    }
    bytes[offset] = UInt8(rest)
    return offset + 1
  }

  static func length(_ value: Int) -> Int { max(1, (70 - UInt64(value).leadingZeroBitCount) / 7) }

  static func read(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> (value: Int, next: Int)? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var index = offset
    while index < bytes.count, shift < 63 {
      let byte = bytes[index]
      value |= UInt64(byte & 0x7F) << shift
      index += 1
      if byte < 0x80 { return value > UInt64(Int.max) ? nil : (Int(value), index) }
      shift += 7
    }
    return nil
  }
}
