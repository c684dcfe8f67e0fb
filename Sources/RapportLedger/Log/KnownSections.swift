import Synchronization

/// Which sections of each block were found intact, a bit each. Any number of threads may use it at once.
struct KnownSections: ~Copyable, @unchecked Sendable {
  private let bits: UnsafeMutablePointer<Atomic<UInt64>>
  private let count: Int

  init(blocks: Int) {
    count = blocks
    bits = .allocate(capacity: max(blocks, 1))
    for block in 0..<blocks { (bits + block).initialize(to: Atomic(0)) }
  }

  deinit {
    bits.deinitialize(count: count)
    bits.deallocate()
  }

  @inline(__always)
  func ofBlock(_ block: Int) -> UInt64 { bits[block].load(ordering: .relaxed) }

  func insert(_ slots: UInt64, ofBlock block: Int) { bits[block].bitwiseOr(slots, ordering: .relaxed) }
}

/// Which groups of bytes were found intact last, so that reading the same rows again costs next to nothing.
///
/// A table of addresses that forgets: a group takes the place of another, and what was forgotten is compared again. Any
/// number of threads may use it at once.
struct KnownGroups: ~Copyable, @unchecked Sendable {
  private let addresses: UnsafeMutablePointer<Atomic<UInt>>

  /// 64 KiB.
  private static let placesBits: UInt = 13

  init() {
    let count = 1 << Int(Self.placesBits)
    addresses = .allocate(capacity: count)
    for place in 0..<count { (addresses + place).initialize(to: Atomic(0)) }
  }

  deinit {
    addresses.deinitialize(count: 1 << Int(Self.placesBits))
    addresses.deallocate()
  }

  @inline(__always)
  private static func place(_ address: UInt) -> Int {
    Int((address >> 3 &* 0x9E37_79B9_7F4A_7C15) >> (UInt(UInt.bitWidth) - placesBits))
  }

  @inline(__always)
  func contains(_ group: UnsafeRawPointer) -> Bool {
    let address = UInt(bitPattern: group)
    return addresses[Self.place(address)].load(ordering: .relaxed) == address
  }

  @inline(__always)
  func insert(_ group: UnsafeRawPointer) {
    let address = UInt(bitPattern: group)
    addresses[Self.place(address)].store(address, ordering: .relaxed)
  }
}
