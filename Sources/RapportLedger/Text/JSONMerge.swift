/// Puts back together what was split: the public and the sealed members of an event.
enum JSONMerge {
  /// Merges two lists of members (`"a":1,"b":{…}`): objects by key, arrays of equal length element by element; anything
  /// else is taken from the second.
  ///
  /// - Returns: nil if one of them is not valid.
  static func members(_ first: UnsafeBufferPointer<UInt8>, _ second: [UInt8]) -> [UInt8]? {
    let left = [UInt8(ascii: "{")] + first + [UInt8(ascii: "}")]
    let right = [UInt8(ascii: "{")] + second + [UInt8(ascii: "}")]
    return EventText.withDocument(left) { left in
      EventText.withDocument(right) { right in
        var merged: [UInt8] = []
        append(0, left, 0, right, to: &merged)
        return Array(merged.dropFirst().dropLast())
      }
    }
  }

  private static func append(
    _ a: Int, _ left: borrowing JSONDocument, _ b: Int, _ right: borrowing JSONDocument, to bytes: inout [UInt8]
  ) {
    switch (left.tokens[a].kind, right.tokens[b].kind) {
    case (.object, .object): appendObjects(a, left, b, right, to: &bytes)
    case (.array, .array) where left.tokens[a].members == right.tokens[b].members:
      bytes.append(UInt8(ascii: "["))
      for (index, pair) in zip(left.elements(of: a), right.elements(of: b)).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(pair.0, left, pair.1, right, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    default: JSONText.appendMinified(right.tokens[b], of: right.text, to: &bytes)
    }
  }

  private static func appendObjects(
    _ a: Int, _ left: borrowing JSONDocument, _ b: Int, _ right: borrowing JSONDocument, to bytes: inout [UInt8]
  ) {
    let others = right.allMembers(of: b)
    var isFirst = true
    func begin(_ key: Int, _ document: borrowing JSONDocument) {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      bytes.append(document.text.extracting(document.tokens[key].quotedText))
      bytes.append(UInt8(ascii: ":"))
    }
    bytes.append(UInt8(ascii: "{"))
    var merged: Set<[UInt8]> = []
    for (name, key) in left.allMembers(of: a) {
      begin(key, left)
      if let other = others.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
        append(key + 1, left, other.key + 1, right, to: &bytes)
        merged.insert(Array(name.utf8))
      } else {
        JSONText.appendMinified(left.tokens[key + 1], of: left.text, to: &bytes)
      }
    }
    for (name, key) in others where !merged.contains(Array(name.utf8)) {
      begin(key, right)
      JSONText.appendMinified(right.tokens[key + 1], of: right.text, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }
}
