/// A source of pseudo-random decisions: SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number
/// Generators*, 2014), integers only, so that every machine draws the same.
///
/// Two properties carry the whole generator. `mix` is a bijection of 64 bits, so distinct tickets give distinct keys,
/// and keys need no register to be unique. And a `Draw` is seeded from the key of an event, never shared between
/// events, so an event can be written again later, byte by byte the same.
struct Draw {
  static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// The finalizer of SplitMix64: a bijection without visible structure.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The `index`-th of the unique values that `seed` stands for.
  @inline(__always)
  static func value(_ index: Int, of seed: UInt64) -> UInt64 {
    mix(seed &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* golden)
  }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= Draw.golden
    return Draw.mix(state)
  }

  /// Uniform in `0 ..< bound`; the bias of at most `bound / 2⁶⁴` is of no interest here.
  @inline(__always)
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
  }

  /// Uniform in `low ... high`.
  @inline(__always)
  mutating func between(_ low: Int, _ high: Int) -> Int {
    low + below(high - low + 1)
  }

  @inline(__always)
  mutating func percent(_ share: Int) -> Bool {
    below(100) < share
  }

  /// A waiting time: most are short, a few are long, the mean is `mean`, the longest four times as long.
  /// (The product of two uniform numbers has the mean ¼.)
  @inline(__always)
  mutating func wait(mean: Int) -> Int {
    let first = below(4 * mean)
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: first)).high)
  }

  @inline(__always)
  mutating func pick(_ words: Words) -> StaticString {
    words[below(words.count)]
  }
}

/// Durations and instants are whole milliseconds; instants count from 1970 in UTC.
extension Int {
  static var second: Int { 1000 }
  static var minute: Int { 60_000 }
  static var hour: Int { 3_600_000 }
  static var day: Int { 86_400_000 }
}
