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

  /// Turns the personal members into ciphertext where they stand.
  ///
  /// - Complexity: O(events with personal members); a transaction of the key ring if customers are new.
  mutating func seal(_ batch: inout EventBatch) throws(LedgerError) {
    guard !batch.unsealed.isEmpty else { return }
    places.removeAll(keepingCapacity: true)
    places.append(contentsOf: repeatElement(0, count: batch.customers.count + 1))
    var subjects: [[UInt8]] = []
    for (event, _) in batch.unsealed {
      let customer = batch.facts[Int(event)].customer
      guard places[Int(customer)] == 0 else { continue }
      subjects.append(batch.customers.withText(customer) { Array($0) })
      places[Int(customer)] = Int32(subjects.count)
    }
    let keys = try keyRing.keys(making: subjects)
    batch.payloads.withUnsafeMutableBufferPointer { payloads in
      for (event, byteCount) in batch.unsealed {
        let index = Int(event)
        let key = keys[Int(places[Int(batch.facts[index].customer)]) - 1]
        let start = index == 0 ? 0 : batch.payloadEnds[index - 1]
        let owner = PayloadRecord.parse(UnsafeBufferPointer(payloads), at: start)!.record.owner
        let sealed = payloads.baseAddress! + batch.payloadEnds[index] - Int(byteCount)
        withUnsafeBytes(of: key.sealing) {
          cipher.seal(sealed, count: Int(byteCount), key: $0.baseAddress!, for: owner)
        }
        batch.contentHashes[index] = withUnsafeBytes(of: key.content) {
          cipher.keyed((batch.contentHashes[index], batch.fingerprints[index]), key: $0.baseAddress!)
        }
      }
    }
    batch.unsealed.removeAll(keepingCapacity: true)
  }
}
