/// From the numbers of a batch's tables to those of the ledger, each text looked up once.
struct Numbering {
  var customers: Map
  var names: Map

  init(_ batch: borrowing EventBatch) {
    customers = Map(batch.customers.count)
    names = Map(batch.names.count)
  }

  struct Map {
    /// By the batch's number; 0 where it was not asked for yet.
    private var numbers: [UInt32]

    init(_ count: Int) { numbers = [UInt32](repeating: 0, count: count + 1) }

    /// - Parameter learn: asked once for each number but 0.
    @inline(__always)
    mutating func number(_ local: UInt32, _ learn: (UInt32) -> UInt32) -> UInt32 {
      let known = numbers[Int(local)]
      if known != 0 || local == 0 { return known }
      let number = learn(local)
      numbers[Int(local)] = number
      return number
    }

    /// The ledger's number of one that was asked for.
    subscript(_ local: UInt32) -> UInt32 { numbers[Int(local)] }

    /// Looks up the customers of events that were not asked for yet, in the order of the events.
    ///
    /// They come in no order, so that looking one up waits for memory: that of some is on its way while others are
    /// compared.
    ///
    /// - Parameter fresh: gets the texts that are new to the ledger.
    mutating func learn(
      of facts: [Facts], from texts: TextTable, into table: inout TextTable, _ fresh: inout TextList
    ) {
      var unknown: [(local: UInt32, hash: UInt64)] = []
      for index in facts.indices {
        let local = facts[index].customer
        guard local != 0, numbers[Int(local)] == 0 else { continue }
        numbers[Int(local)] = .max
        unknown.append((local, texts.withText(local, table.hash)))
      }
      for index in unknown.indices {
        if index + Self.ahead < unknown.count { table.prefetch(hash: unknown[index + Self.ahead].hash) }
        if index + Self.ahead / 2 < unknown.count {
          table.prefetchCandidate(hash: unknown[index + Self.ahead / 2].hash)
        }
        numbers[Int(unknown[index].local)] = texts.withText(unknown[index].local) { text in
          let (number, isNew) = table.intern(text, hash: unknown[index].hash)
          if isNew { fresh.append(text) }
          return number
        }
      }
    }

    /// How many look-ups ahead memory is asked for.
    private static let ahead = 12
  }
}

extension Facts {
  /// Replaces every name number; the one list of the fields that hold them.
  @inline(__always)
  mutating func renumberNames(_ number: (UInt32) -> UInt32) {
    type = number(type)
    source = number(source)
    channel = number(channel)
    touchpoint = number(touchpoint)
    department = number(department)
    country = number(country)
    employee = number(employee)
    term = number(term)
    term2 = number(term2)
    term3 = number(term3)
  }
}
