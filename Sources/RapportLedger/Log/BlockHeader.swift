import CHash

/// A block: some consecutive events of the log as columns, texts and compressed payloads. It is the only record of the
/// log. A *segment* is a block of 65,536 events (2^height), sealed for ever; the *tail* is the few smaller blocks after
/// the last segment, merged as they grow in number (``LogWriter``). Both have one format, so that every reader –
/// replay, timeline, verification – knows a single kind of thing, and sealing is merging.
///
/// The design proposal had records of their own for the tail; one format for both is simpler, costs a commit of one
/// event 3 KB instead of 1 KB until the next merge, and loses nothing else.
///
/// Rows stand in the order of (customer, canonical order); `rank` keeps the order of arrival. Bytes of a block, all
/// little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic `RAPPORTB` |
/// | 8 | 4 | format version: ``formatVersion``; another one is refused |
/// | 12 | 4 | events in the block, 1 … 65,536 |
/// | 16 | 8 | position of the first event |
/// | 24 | 8 | earliest valid time |
/// | 32 | 8 | latest valid time |
/// | 40 | 32 | kinds present, a bit each |
/// | 72 | 4 | least customer number |
/// | 76 | 4 | greatest customer number |
/// | 80 | 4 | number of the first customer that appears first here |
/// | 84 | 4 | customers that appear first here |
/// | 88 | 4 | number of the first name that appears first here |
/// | 92 | 4 | names that appear first here |
/// | 96 | 8 | bytes of the payloads unpacked |
/// | 104 | 8 | bytes of the whole block |
/// | 112 | 32 | RFC 9162 root over the events of the block; zero: not computed |
/// | 144 | 104 | zero |
/// | 248 | 8 | XXH3-64 of bytes 0 … 247 and of the directory |
/// | 256 | 64 × 40 | directory: a ``Section`` for each ``Column`` and ``BlockSection``, by its number |
/// | 2816 | | the sections, each at a multiple of 8 with the table of its checksums behind it (``SectionSums``) |
///
/// A block is never smaller than 2,816 bytes, so LMDB keeps it in pages of its own, 16 bytes after the start of a page:
/// every section is aligned to 8 bytes in memory.
public struct BlockHeader: BitwiseCopyable, Sendable {
  /// Raised whenever bytes change their meaning. Until release 1.0 there is no migration.
  public static let formatVersion: UInt32 = 2

  static let magic: UInt64 = 0x4254_524F_5050_4152  // "RAPPORTB"
  static let bytes = 256
  static let directoryBytes = BlockSection.slots * Section.entryBytes

  var magic: UInt64 = BlockHeader.magic
  var version: UInt32 = BlockHeader.formatVersion
  var count: UInt32 = 0
  var firstPosition: UInt64 = 0
  var earliest: Int64 = 0
  var latest: Int64 = 0
  var kinds: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  var leastCustomer: UInt32 = 0
  var greatestCustomer: UInt32 = 0
  var firstNewCustomer: UInt32 = 0
  var newCustomers: UInt32 = 0
  var firstNewName: UInt32 = 0
  var newNames: UInt32 = 0
  var rawPayloadBytes: UInt64 = 0
  var byteCount: UInt64 = 0
  var root: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  var lastPosition: UInt64 { firstPosition + UInt64(count) - 1 }
  var kindSet: EventKindSet { EventKindSet(words: kinds) }

  /// The checksum of a header with its directory, both in place in a block.
  static func checksum(_ block: UnsafeRawPointer) -> UInt64 {
    rpt_hash64(block, 248, rpt_hash64(block + bytes, directoryBytes, 0))
  }

  /// Reads and checks the header and the directory of a block.
  ///
  /// - Throws: ``LedgerError/newerFormat(found:known:)`` or ``LedgerError/damaged(_:)`` naming what does not fit.
  static func read(_ block: UnsafeRawBufferPointer, at key: UInt64) throws(LedgerError) -> BlockHeader {
    func damaged(_ detail: String) -> LedgerError {
      .damaged(Damage(kind: .blockHeader, position: key, detail: detail))
    }
    guard let start = block.baseAddress, block.count >= bytes + directoryBytes else {
      throw damaged("the block is shorter than its header")
    }
    let header = start.loadUnaligned(as: BlockHeader.self)
    guard header.magic == magic else { throw damaged("the block does not begin with its magic number") }
    guard (start + 248).loadUnaligned(as: UInt64.self) == checksum(start) else {
      throw damaged("the checksum of the block's header does not match")
    }
    // After the checksum, so that a flipped bit is damage: of a newer format the ledger's own record tells first.
    guard header.version == formatVersion else {
      throw .newerFormat(found: Int(header.version), known: Int(formatVersion))
    }
    guard header.byteCount == UInt64(block.count) else {
      throw damaged("the block has \(block.count) bytes, its header says \(header.byteCount)")
    }
    guard header.firstPosition == key, 1...UInt64(Int64.max) ~= key else {
      throw damaged("the block stands at a wrong key")
    }
    guard 1...1 << 16 ~= header.count else { throw damaged("the block says that it has \(header.count) events") }
    for slot in 0..<BlockSection.slots {
      let section = (start + bytes + slot * Section.entryBytes).loadUnaligned(as: Section.self)
      guard section.isSound(blockBytes: block.count), section.encoding != Section.framed || slot == BlockSection.frames
      else { throw damaged("section \(slot) does not fit the block") }
      if slot < 34, slot != 0, section.encoding != Section.absent, section.count != header.count {
        throw damaged("section \(slot) has \(section.count) rows, the block \(header.count)")
      }
    }
    return header
  }
}

/// What is wrong with a ledger, and where.
public struct Damage: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// The LMDB file itself: its length, its pages, its meta pages.
    case file
    /// The record that makes a directory a ledger.
    case meta
    /// The header or the directory of a block.
    case blockHeader = "block_header"
    /// The bytes or the values of a section.
    case column
    /// A frame of payloads, or a record in it.
    case payload
    /// Texts, their numbers or their order.
    case text
    /// Positions are missing, doubled, or not where they belong.
    case positions
    /// Rows that are not in the order of customers and of the canon.
    case order
    /// A fingerprint that is not that of source and id.
    case fingerprint
    /// An event that is there twice.
    case duplicate
    /// Times of recording that run backwards.
    case time
    /// The root of a segment is not that of its events.
    case root
    /// The customers' keys.
    case keys
    /// A stored view is not what the log says.
    case view
    /// The log is not the one that a digest is of.
    case digest
  }
  public var kind: Kind
  /// The first position that it touches; 0 if it concerns no events.
  public var position: UInt64
  public var detail: String

  public init(kind: Kind, position: UInt64, detail: String) {
    self.kind = kind
    self.position = position
    self.detail = detail
  }

  /// `damaged at position 7: …`, or `damaged: …` where no events are concerned.
  public var description: String { "damaged\(position == 0 ? "" : " at position \(position)"): \(detail)" }
}
