/// Identifiers that sort by time: UUID version 7 of RFC 9562.
///
/// They are for events that a person records by hand and for batches of imports, where the sender gave no id. They say
/// when they were made, so they are not for secrets.
public enum UUIDv7 {
  /// The text of an id: 36 bytes, lower case.
  ///
  /// - Parameters:
  ///   - milliseconds: since 1970 in UTC; the lowest 48 bits are kept, enough until the year 10889.
  ///   - random: 74 of these 128 bits are kept.
  public static func text(milliseconds: Int64, random: (UInt64, UInt64)) -> [UInt8] {
    let high = UInt64(bitPattern: milliseconds) << 16 | 0x7000 | (random.0 & 0x0FFF)
    let low = 0x8000_0000_0000_0000 | (random.1 & 0x3FFF_FFFF_FFFF_FFFF)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for position in 0..<32 {
      if position == 8 || position == 12 || position == 16 || position == 20 { text.append(UInt8(ascii: "-")) }
      let half = position < 16 ? high : low
      let nibble = UInt8(truncatingIfNeeded: half >> (60 - 4 * UInt64(position & 15))) & 0xF
      text.append(nibble < 10 ? 0x30 + nibble : UInt8(ascii: "a") - 10 + nibble)
    }
    return text
  }

  /// The text of an id made at this moment, with randomness from the given source.
  public static func text(milliseconds: Int64, using generator: inout some RandomNumberGenerator) -> [UInt8] {
    text(milliseconds: milliseconds, random: (generator.next(), generator.next()))
  }
}
