/// The traits of `customer.updated`.
extension EnvelopeReader {
  /// Checks that every trait says on what it rests, and keeps the inferences that say on how many observations: a line
  /// each, its field as sku and the number as quantity. Values are personal and no column's.
  mutating func parseTraits(_ object: Int, _ facts: inout Facts, _ batch: inout EventBatch) throws(Rejection) {
    var key = object + 1
    while key < line.tokens[object].after {
      let trait = key + 1
      let basis = line.member(ScannedLine.basis, of: trait)
      guard line.tokens[trait].isNull || basis.map({ line.tokens[$0].kind == .string }) == true else {
        throw Rejection(
          "data.set.\(line.rawText(of: key).string)",
          "must be an object with value and basis (declared, observed or inferred)")
      }
      if let quantity = line.observations(ofTrait: key) {
        lines.append(OrderLine(sku: name(key, &batch), group: 0, quantity: quantity, price: 0))
        facts.marks.insert(.hasLines)
      }
      key = line.tokens[trait].after
    }
  }
}

extension ScannedLine {
  fileprivate static let basis = ShortText("basis")
  private static let inferred = ShortText("inferred")
  private static let observations = ShortText("n")

  /// On how many observations a trait rests that is inferred, as a quantity; nil for another, or one without a name.
  func observations(ofTrait key: Int) -> Int64? {
    let trait = key + 1
    guard tokens[key].end > tokens[key].start, let basis = member(Self.basis, of: trait),
      shortText(of: basis) == Self.inferred, let observations = member(Self.observations, of: trait),
      tokens[observations].kind == .number
    else { return nil }
    return Self.tenThousandths(rawText(of: observations))
  }

  /// A number as a quantity; nil for one that is no quantity, which is kept as it was sent and means nothing.
  private static func tenThousandths(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    try? DecimalText.parse(Span(_unsafeElements: text), decimals: 4)
  }
}
