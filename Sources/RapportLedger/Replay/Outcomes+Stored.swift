/// Where the records of a person stand before they are stored.
private struct StoredPlace {
  var customer: UInt32
  var outcomes: UInt32
  var records: Range<Int>
}

extension Outcomes {
  /// Some outcomes as they are stored: people in order of their numbers, cases as they come.
  static func forEachStoredPart(_ outcomes: [Outcomes<Record>], _ body: (StoredPart) throws -> Void) rethrows {
    guard outcomes.allSatisfy(\.cases.isEmpty) else { return try forEachStoredPartOfCases(outcomes, body) }
    var places: [StoredPlace] = []
    places.reserveCapacity(outcomes.reduce(0) { $0 + $1.people.count })
    var isInOrder = true
    for index in outcomes.indices {
      var start = 0
      for person in outcomes[index].people {
        if let last = places.last, last.customer > person.customer { isInOrder = false }
        places.append(StoredPlace(customer: person.customer, outcomes: UInt32(index), records: start..<person.end))
        start = person.end
      }
    }
    if !isInOrder { places.sort { $0.customer < $1.customer } }
    let stride = MemoryLayout<Record>.stride
    var part = StoredPart(number: 0, recordBytes: stride)
    for place in places {
      let number = place.customer / StateStore.customersPerPart
      if part.number != number, !part.people.isEmpty {
        try body(part)
        part.removeAll()
      }
      part.number = number
      part.people.append((place.customer, UInt32(place.records.count)))
      outcomes[Int(place.outcomes)].records.withUnsafeBytes {
        part.records += $0[place.records.lowerBound * stride..<place.records.upperBound * stride]
      }
    }
    // A state without anybody is a state, too.
    if !part.people.isEmpty || places.isEmpty { try body(part) }
  }

  private static func forEachStoredPartOfCases(
    _ outcomes: [Outcomes<Record>], _ body: (StoredPart) throws -> Void
  ) rethrows {
    let stride = MemoryLayout<Record>.stride
    var part = StoredPart(number: 0, recordBytes: stride)
    for some in outcomes {
      var start = 0
      for (index, person) in some.people.enumerated() {
        if part.people.count == StateStore.customersPerPart {
          try body(part)
          part.removeAll()
          part.number += 1
        }
        part.people.append((person.customer, UInt32(person.end - start)))
        part.cases.append(some.cases[index])
        some.records.withUnsafeBytes { part.records += $0[start * stride..<person.end * stride] }
        start = person.end
      }
    }
    try body(part)
  }

  /// - Returns: nil if the parts are of records of another size.
  init?(_ parts: [StoredPart]) {
    self.init()
    let stride = MemoryLayout<Record>.stride
    guard parts.allSatisfy({ $0.recordBytes == stride }) else { return nil }
    let count = parts.reduce(0) { $0 + $1.records.count } / stride
    records = [Record](unsafeUninitializedCapacity: count) { buffer, initialized in
      var offset = 0
      for part in parts where !part.records.isEmpty {
        part.records.withUnsafeBytes {
          (UnsafeMutableRawPointer(buffer.baseAddress!) + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        offset += part.records.count
      }
      initialized = count
    }
    people.reserveCapacity(parts.reduce(0) { $0 + $1.people.count })
    var end = 0
    for part in parts {
      cases += part.cases
      for person in part.people {
        end += Int(person.records)
        people.append(Person(customer: person.customer, end: end))
      }
    }
  }
}
