/// All texts of a log by number, learned block by block as a writer does, with everything that must hold of them.
struct KnownTexts: Sendable {
  private(set) var customers: TextTable
  private(set) var names: TextTable
  /// For each block the first numbers that neither it nor those before it give away; nil where the texts of one of
  /// them could not be read, so that numbers mean nothing.
  private(set) var limits: [Limits?] = []
  private var isComplete = true
  private let seed: UInt64

  /// - Parameter seed: of the ledger.
  init(seed: UInt64) {
    self.seed = seed
    customers = TextTable(seed: seed)
    names = TextTable(seed: seed)
  }

  struct Limits: Sendable {
    var customer: UInt32
    var name: UInt32
  }

  /// Adds the texts that appear first in the next block.
  ///
  /// - Returns: what does not hold.
  mutating func learn(_ block: Block) -> [Damage] {
    var found: [Damage] = []
    let slots = [
      BlockSection.customerEnd, BlockSection.customerText, BlockSection.customerHash, BlockSection.customerIndex,
      BlockSection.nameEnd, BlockSection.nameText, BlockSection.nameHash, BlockSection.nameIndex,
    ]
    if let slot = block.firstDamagedSlot(of: slots) {
      found.append(block.damage(ofSlot: slot))
      isComplete = false
    } else {
      for (texts, count, first, what) in [
        (block.newCustomers, block.header.newCustomers, block.header.firstNewCustomer, "customer"),
        (block.newNames, block.header.newNames, block.header.firstNewName, "name"),
      ] {
        let isCustomer = what == "customer"
        if let detail = Self.defect(of: texts, count: Int(count), seed: seed) {
          found.append(Damage(kind: .text, position: block.firstPosition, detail: "new \(what)s: \(detail)"))
          isComplete = false
        } else if isComplete, first != (isCustomer ? customers : names).next {
          found.append(
            Damage(
              kind: .text, position: block.firstPosition,
              detail: "new \(what)s begin with number \(first), \((isCustomer ? customers : names).next) comes next"))
          isComplete = false
        } else if isComplete {
          let doubled = isCustomer ? customers.learn(texts) : names.learn(texts)
          if let doubled {
            found.append(
              Damage(kind: .text, position: block.firstPosition, detail: "\(what) \(doubled) has a number already"))
            isComplete = false
          }
        }
      }
    }
    limits.append(isComplete ? Limits(customer: customers.next, name: names.next) : nil)
    return found
  }

  /// What is wrong with a list of texts: its ends must ascend, and so must its hashes, each that of one text.
  private static func defect(of texts: BlockTexts, count: Int, seed: UInt64) -> String? {
    guard texts.count == count else { return "\(texts.count) of \(count)" }
    guard count > 0 else { return nil }
    // Only one of them can be empty.
    guard count <= Int(texts.text.section.byteCount) + 1 else { return "\(count) in too few bytes" }
    guard texts.hashes.count == count, texts.indices.count == count else {
      return "\(texts.hashes.count) hashes of \(texts.indices.count) for \(count)"
    }
    var end: Int64 = 0
    for index in 0..<count {
      guard texts.ends[index] >= end else { return "text \(index) ends before it begins" }
      end = texts.ends[index]
    }
    guard end == Int64(texts.text.section.byteCount) else {
      return "\(texts.text.section.byteCount) bytes, \(end) used"
    }
    var isNamed = [Bool](repeating: false, count: count)
    for place in 0..<count {
      guard let index = Int(exactly: texts.indices[place]), isNamed.indices.contains(index), !isNamed[index] else {
        return "hash \(place) is of no text, or of one that has another"
      }
      isNamed[index] = true
      guard texts.hashes[place] == Int64(BlockTexts.hash(texts[index], seed: seed)) else {
        return "hash \(place) is not that of its text"
      }
      guard place == 0 || texts.hashes[place - 1] <= texts.hashes[place] else {
        return "the hashes do not ascend at \(place)"
      }
    }
    return nil
  }
}

extension TextTable {
  /// Adds texts in order.
  ///
  /// - Returns: the index of the first that is there already.
  fileprivate mutating func learn(_ texts: BlockTexts) -> Int? {
    for index in 0..<texts.count {
      guard intern(texts[index]).isNew else { return index }
    }
    return nil
  }
}
