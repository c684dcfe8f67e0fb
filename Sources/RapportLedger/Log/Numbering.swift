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
    subscript(_ local: UInt32) -> UInt32 {
      get { numbers[Int(local)] }
      set { numbers[Int(local)] = newValue }
    }

    /// Those that were not asked for yet, each once, in their order.
    mutating func unknown(_ locals: some Sequence<UInt32>) -> [UInt32] {
      var unknown: [UInt32] = []
      for local in locals where local != 0 && numbers[Int(local)] == 0 {
        numbers[Int(local)] = .max
        unknown.append(local)
      }
      return unknown
    }
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
