import CHash

/// Subjects of a chunk's events whose customers have no numbers yet.
///
/// Customers come in no order, so that looking one up waits for memory. All those of a chunk are looked up together: the
/// memory of some is on its way while others are compared.
struct UnnumberedSubjects: ~Copyable {
  private var subjects: [(text: UnsafeBufferPointer<UInt8>, hash: UInt64, event: UInt32)] = []

  /// How many look-ups ahead memory is asked for.
  private static let ahead = 12

  /// - Parameters:
  ///   - text: valid until they are numbered.
  ///   - event: its index in the batch.
  ///   - seed: that of the batch's table.
  @inline(__always)
  mutating func append(_ text: UnsafeBufferPointer<UInt8>, of event: Int, seed: UInt64) {
    subjects.append((text, rpt_hash64(text.baseAddress, text.count, seed), UInt32(truncatingIfNeeded: event)))
  }

  /// Numbers the customers of all events, in their order, and forgets them.
  mutating func number(_ batch: inout EventBatch) {
    for index in subjects.indices {
      if index + Self.ahead < subjects.count { batch.customers.prefetch(hash: subjects[index + Self.ahead].hash) }
      if index + Self.ahead / 2 < subjects.count {
        batch.customers.prefetchCandidate(hash: subjects[index + Self.ahead / 2].hash)
      }
      let subject = subjects[index]
      batch.facts[Int(subject.event)].customer = batch.customers.intern(subject.text, hash: subject.hash).number
    }
    subjects.removeAll(keepingCapacity: true)
  }
}
