/// The customers: who is picked how often, and the little that must be remembered of each (one byte).
///
/// Picks are skewed like Zipf's law without its logarithms: the first eight ranks, the next eight, the next sixteen, the
/// next thirty-two… are groups of equal weight. So frequency falls with rank as 1/rank does, in integers, without a
/// table. Of a hundred thousand customers the largest has about one in a hundred stories.
struct Population: ~Copyable {
  private struct State: OptionSet {
    var rawValue: UInt8
    static let registered = State(rawValue: 1)
    static let lost = State(rawValue: 2)
  }

  let count: Int
  private let groups: Int
  private let seed: UInt64
  private let states: UnsafeMutablePointer<State>

  init(count: Int, seed: UInt64) {
    self.count = count
    self.seed = seed
    var groups = 1
    while 8 << (groups - 1) < count { groups += 1 }
    self.groups = groups
    states = .allocate(capacity: count + 1)
    states.initialize(repeating: [], count: count + 1)
  }

  deinit {
    states.deallocate()
  }

  /// The number of a customer, 1 … count.
  func pick(_ draw: inout Draw) -> Int {
    while true {
      let group = draw.below(groups)
      let rank = group == 0 ? draw.below(8) : (4 << group) + draw.below(4 << group)
      // The prime spreads the ranks over the numbers, one to one, as it is larger than any count.
      if rank < count { return rank * 2_654_435_761 % count + 1 }
    }
  }

  func customer(_ number: Int) -> Customer {
    Customer(number: number, bits: Draw.value(number, of: seed))
  }

  func isRegistered(_ number: Int) -> Bool { states[number].contains(.registered) }
  func isLost(_ number: Int) -> Bool { states[number].contains(.lost) }

  mutating func setRegistered(_ number: Int) { states[number].insert(.registered) }
  mutating func setLost(_ number: Int, _ lost: Bool) {
    if lost { states[number].insert(.lost) } else { states[number].remove(.lost) }
  }
}

/// What is so about a customer for ever; derived from the number, so it takes no memory.
struct Customer {
  let number: Int
  let bits: UInt64

  var country: Country { Country.all[Int(bits & 63)] }
  var isBusiness: Bool { (bits >> 6) & 7 == 0 }
  var speaksGerman: Bool { country.speaksGerman }
  /// The channel that this customer mostly uses.
  var channel: StaticString { Vocabulary.channels[Int((bits >> 9) & 15) % Vocabulary.channels.count] }
  var contactPerson: Int { Int((bits >> 13) & 0xFFFF) }

  /// One of the few products that this customer buys again and again.
  func favourite(_ index: Int) -> Product {
    Product(number: Int(Draw.mix(bits &+ UInt64(index)) % UInt64(Product.count)))
  }
}

/// A country with what it means for money and language.
struct Country: Sendable {
  let code: StaticString
  let currency: StaticString
  let taxPercent: Int
  var speaksGerman = false

  /// 64 places, so that six bits choose; frequent countries have many.
  static let all: [Country] = {
    let weighted: [(Int, Country)] = [
      (18, Country(code: "DE", currency: "EUR", taxPercent: 19, speaksGerman: true)),
      (7, Country(code: "AT", currency: "EUR", taxPercent: 20, speaksGerman: true)),
      (4, Country(code: "CH", currency: "CHF", taxPercent: 8, speaksGerman: true)),
      (8, Country(code: "FR", currency: "EUR", taxPercent: 20)),
      (7, Country(code: "GB", currency: "GBP", taxPercent: 20)),
      (8, Country(code: "US", currency: "USD", taxPercent: 7)),
      (4, Country(code: "BR", currency: "BRL", taxPercent: 17)),
      (3, Country(code: "NL", currency: "EUR", taxPercent: 21)),
      (3, Country(code: "ES", currency: "EUR", taxPercent: 21)),
      (2, Country(code: "PL", currency: "PLN", taxPercent: 23)),
    ]
    return weighted.flatMap { Array(repeating: $0.1, count: $0.0) }
  }()
}

/// A product, its group and its price; derived from the number.
struct Product {
  static let count = 2000
  let number: Int

  var group: StaticString { Vocabulary.groups[number % Vocabulary.groups.count] }
  /// In hundredths: 3.90 … 202.90.
  var price: Int { 390 + Int(Draw.mix(UInt64(number)) % 200) * 100 }
}
