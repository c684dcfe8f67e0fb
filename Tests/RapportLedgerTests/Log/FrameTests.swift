import Testing

@testable import RapportLedger

/// Frames give back the records that they were made of, and notice what is not what was written.
@Suite("Frames")
struct FrameTests {
  /// Ids that are UUIDs in lower case, that nearly are, and others.
  static let ids = [
    "78a8dcc6-c471-49f9-a681-a3d394ea0026", "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "78A8DCC6-C471-49F9-A681-A3D394EA0026",
    "78a8dcc6-c471-49f9-a681-a3d394ea002g", "78a8dcc6_c471-49f9-a681-a3d394ea0026",
    "78a8dcc6-c471-49f9-a681-a3d394ea00:6", "78a8dcc6-c471-49f9-a681-a3d394ea00\u{E9}",
    "`8a8dcc6-c471-49f9-a681-a3d394ea0026", "/8a8dcc6-c471-49f9-a681-a3d394ea0026",
    "78a8dcc6c47149f9a681a3d394ea0026", "e1", String(repeating: "x", count: 300),
  ]

  private static func frame(_ records: [[UInt8]]) -> [UInt8] {
    var collected = FrameRecords()
    for record in records { record.withUnsafeBufferPointer { collected.append($0) } }
    var frame: [UInt8] = []
    FrameCoder().compress(collected, into: &frame)
    return frame
  }

  private static func unpacked(_ frame: [UInt8], rawBytes: Int) -> [UInt8]? {
    var records = UnpackedRecords()
    let isSound = frame.withUnsafeBytes { FrameCoder().decompress($0, rawBytes: rawBytes, into: &records) }
    return isSound ? try? whole(records) : nil
  }

  private static func whole(_ records: UnpackedRecords) throws -> [UInt8] {
    var records = records
    var bytes: [UInt8] = []
    for index in 0..<records.count { bytes += try records.withRecord(index) { Array($0) } }
    return bytes
  }

  /// Members of every length at which the length of a record changes its own length.
  static let records: [[UInt8]] = ids.flatMap { id in
    [0, 1, 87, 88, 89, 90, 124, 125, 126, 127, 128, 16_380].flatMap { count in
      let members = String(repeating: "m", count: count)
      return [payloadRecord(id, members), payloadRecord(id, members, personal: "sealed")]
    }
  }

  @Test func `records come back byte for byte, whatever their ids`() {
    for record in Self.records { #expect(Self.unpacked(Self.frame([record]), rawBytes: record.count) == record) }
    let all = Array(Self.records.joined())
    #expect(Self.unpacked(Self.frame(Self.records), rawBytes: all.count) == all)
  }

  @Test func `frames that are unpacked behind each other keep their records apart, in any order`() throws {
    var unpacked = UnpackedRecords()
    for record in Self.records {
      let isSound = Self.frame([record, record]).withUnsafeBytes {
        FrameCoder().decompress($0, rawBytes: 2 * record.count, into: &unpacked)
      }
      #expect(isSound)
    }
    #expect(unpacked.count == 2 * Self.records.count)
    for index in (0..<unpacked.count).reversed() {
      #expect(try unpacked.withRecord(index) { Array($0) } == Self.records[index / 2])
    }
    unpacked.removeAll()
    #expect(unpacked.count == 0)
  }

  @Test func `a UUID takes sixteen bytes`() {
    var collected = FrameRecords()
    for id in Self.ids { payloadRecord(id, "").withUnsafeBufferPointer { collected.append($0) } }
    #expect(collected.uuids.count == 3 * 16)
    #expect(collected.uuids.prefix(4).elementsEqual([0x78, 0xA8, 0xDC, 0xC6]))
  }

  @Test func `a frame of another size than announced is refused`() {
    let record = payloadRecord(Self.ids[0], "members")
    let frame = Self.frame([record])
    for rawBytes in 0..<record.count + 40 where rawBytes != record.count {
      #expect(Self.unpacked(frame, rawBytes: rawBytes) == nil)
    }
    for count in 0..<frame.count { #expect(Self.unpacked(Array(frame[..<count]), rawBytes: record.count) == nil) }
  }

  @Test(arguments: 1...4)
  func `a damaged frame is refused or read, and never traps`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    let records = Array(Self.records.prefix(60))
    let rawBytes = records.reduce(0) { $0 + $1.count }
    let frame = Self.frame(records)
    for _ in 0..<500 {
      var broken = frame
      broken[Int.random(in: frame.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      if let raw = Self.unpacked(broken, rawBytes: rawBytes) { #expect(raw.count == rawBytes) }
    }
  }
}

/// A payload record, its length included; personal members stand where they would be sealed.
func payloadRecord(_ id: String, _ members: String, personal: String = "") -> [UInt8] {
  var bytes = ByteBuffer()
  let (id, members, personal) = (Array(id.utf8), Array(members.utf8), Array(personal.utf8))
  id.withUnsafeBufferPointer { id in
    members.withUnsafeBufferPointer { members in
      personal.withUnsafeBufferPointer {
        PayloadRecord.append(id: id, members: members, personal: $0, to: &bytes)
      }
    }
  }
  return Array(bytes.text)
}
