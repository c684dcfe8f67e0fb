/// The steps to come, in order of time: a calendar queue (Brown, CACM 1988).
///
/// ```text
/// buckets   | 0 | 1 | 2 | 3 | 4 | …        one per hour, or a fraction of it when the stream is dense
///             └ done ┘  ▲   └─ lists through the slab, unsorted
///                       └ open: a binary heap of (milliseconds into the bucket, slot)
/// ```
///
/// A step is added in O(1), and taken from a heap of about a hundred that stays in the first-level cache, however many
/// steps are in flight. Memory: one slot per step in flight, and four bytes per bucket.
///
/// Steps at the same millisecond come out by slot. Slots are given out by the order of `add` and `next` alone, so the
/// order is the same on every machine.
struct Agenda: ~Copyable {
  private static let none: Int32 = -1
  /// A dense stream has about this many steps per bucket.
  private static let stepsPerBucket = 128

  let origin: Int
  let end: Int
  let bucketsPerHour: Int
  private let bucketLength: Int
  private let bucketCount: Int
  private let heads: UnsafeMutablePointer<Int32>
  /// The bucket whose steps are in the heap; -1 before the first.
  private(set) var open = -1

  private var slab: UnsafeMutablePointer<Step>
  private var capacity = 1024
  private var used = 0
  private var free = Agenda.none

  private var heap: UnsafeMutablePointer<UInt64>
  private var heapCapacity = 1024
  private var heapCount = 0

  /// Steps in flight.
  private(set) var count = 0

  /// An agenda from `origin` (a midnight) for `days` days that expects about `steps` steps in all.
  init(origin: Int, days: Int, steps: Int) {
    self.origin = origin
    end = origin + days * .day
    let hours = days * 24
    // Powers of two up to 128 divide the 3,600,000 milliseconds of an hour.
    var perHour = 1
    while perHour < 128 && steps / (hours * perHour) > Agenda.stepsPerBucket { perHour *= 2 }
    bucketsPerHour = perHour
    bucketLength = .hour / perHour
    bucketCount = hours * perHour
    heads = .allocate(capacity: bucketCount)
    heads.initialize(repeating: Agenda.none, count: bucketCount)
    slab = .allocate(capacity: capacity)
    heap = .allocate(capacity: heapCapacity)
  }

  deinit {
    heads.deallocate()
    slab.deallocate()
    heap.deallocate()
  }

  /// Whether the next bucket to be opened begins an hour (or is behind the last).
  var isHourDone: Bool {
    heapCount == 0 && (open + 1) % bucketsPerHour == 0
  }

  /// Puts a step on the agenda. A step at or after the end will never be told, and is dropped.
  mutating func add(_ step: Step) {
    guard step.time < end else { return }
    assert(step.time >= origin + open * bucketLength)
    let (bucket, offset) = (step.time - origin).quotientAndRemainder(dividingBy: bucketLength)
    let slot = takeSlot()
    slab[slot] = step
    count += 1
    if bucket <= open {
      push(offset: offset, slot: slot)
    } else {
      slab[slot].link = heads[bucket]
      heads[bucket] = Int32(truncatingIfNeeded: slot)
    }
  }

  /// Takes the earliest step of the open bucket; nil when there is none left in it.
  mutating func next() -> Step? {
    guard heapCount > 0 else { return nil }
    let slot = Int(truncatingIfNeeded: popLeast() & 0xFFFF_FFFF)
    let step = slab[slot]
    slab[slot].link = free
    free = Int32(truncatingIfNeeded: slot)
    count -= 1
    return step
  }

  /// Opens the next bucket; false behind the last.
  mutating func openNext() -> Bool {
    assert(heapCount == 0)
    guard open + 1 < bucketCount else { return false }
    open += 1
    var slot = heads[open]
    while slot != Agenda.none {
      let step = Int(slot)
      push(offset: (slab[step].time - origin) - open * bucketLength, slot: step)
      slot = slab[step].link
    }
    return true
  }

  private mutating func takeSlot() -> Int {
    if free != Agenda.none {
      let slot = Int(free)
      free = slab[slot].link
      return slot
    }
    if used == capacity {
      precondition(capacity < Int(Int32.max) / 2, "More than a thousand million steps in flight.")
      let larger = UnsafeMutablePointer<Step>.allocate(capacity: 2 * capacity)
      larger.moveInitialize(from: slab, count: used)
      slab.deallocate()
      slab = larger
      capacity *= 2
    }
    used += 1
    return used - 1
  }
}

// MARK: - The heap of the open bucket

extension Agenda {
  private mutating func push(offset: Int, slot: Int) {
    if heapCount == heapCapacity {
      let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * heapCapacity)
      larger.moveInitialize(from: heap, count: heapCount)
      heap.deallocate()
      heap = larger
      heapCapacity *= 2
    }
    let entry = UInt64(truncatingIfNeeded: offset) << 32 | UInt64(truncatingIfNeeded: slot)
    var hole = heapCount
    heapCount += 1
    while hole > 0 {
      let parent = (hole - 1) / 2
      guard heap[parent] > entry else { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = entry
  }

  private mutating func popLeast() -> UInt64 {
    let least = heap[0]
    heapCount -= 1
    let entry = heap[heapCount]
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < heapCount else { break }
      if child + 1 < heapCount && heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < entry else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = entry
    return least
  }
}
