import CHash

/// Seals the personal members of a batch before it reaches the log: from here on no plain text goes near a file.
///
/// The hash that tells a duplicate from a conflict is keyed from the customer's key for these events, so that nothing
/// can be guessed from it once the key is gone.
struct Sealer: ~Copyable {
  private let keyRing: KeyRing
  private let cipher = Cipher()
  /// Number in the batch's customer table → index of the customer's key, from 1.
  private var places: [Int32] = []

  init(_ keyRing: KeyRing) { self.keyRing = keyRing }

  /// - Complexity: O(events with personal members); a transaction of the key ring if customers are new.
  mutating func seal(_ batch: inout EventBatch) throws(LedgerError) {
    guard !batch.personal.isEmpty else { return }
    places = [Int32](repeating: 0, count: batch.customers.count + 1)
    var subjects: [[UInt8]] = []
    for index in 0..<batch.count where !batch.personalRange(index).isEmpty {
      let customer = Int(batch.facts[index].customer)
      guard places[customer] == 0 else { continue }
      subjects.append(batch.customers.withText(batch.facts[index].customer) { Array($0) })
      places[customer] = Int32(subjects.count)
    }
    let keys = try keyRing.keys(making: subjects)
    var payloads: [UInt8] = []
    payloads.reserveCapacity(batch.payloads.count + batch.personal.count + batch.count * Cipher.overhead)
    var sealed: [UInt8] = []
    var start = 0
    for index in 0..<batch.count {
      let end = batch.payloadEnds[index]
      let personal = batch.personalRange(index)
      if personal.isEmpty {
        payloads.append(contentsOf: batch.payloads[start..<end])
      } else {
        let key = keys[Int(places[Int(batch.facts[index].customer)]) - 1]
        batch.payloads.withUnsafeBufferPointer { plain in
          let record = PayloadRecord.parse(plain, at: start)!.record
          sealed.removeAll(keepingCapacity: true)
          batch.personal.withUnsafeBufferPointer { all in
            withUnsafeBytes(of: key.sealing) {
              cipher.seal(
                UnsafeBufferPointer(rebasing: all[personal]), key: $0.baseAddress!, for: record.owner, into: &sealed)
            }
          }
          sealed.withUnsafeBufferPointer {
            PayloadRecord.append(id: record.id, members: record.members, sealed: $0, to: &payloads)
          }
        }
        batch.contentHashes[index] = withUnsafeBytes(of: key.content) {
          cipher.keyed((batch.contentHashes[index], batch.fingerprints[index]), key: $0.baseAddress!)
        }
      }
      batch.payloadEnds[index] = payloads.count
      start = end
    }
    batch.payloads = payloads
    batch.personal.removeAll()
    batch.personalEnds = [Int](repeating: 0, count: batch.count)
  }
}
