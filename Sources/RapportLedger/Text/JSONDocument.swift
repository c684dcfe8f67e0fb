/// Convenient reading of one scanned document, for where speed is no concern.
struct JSONDocument: ~Escapable {
  let text: Span<UInt8>
  let tokens: Span<JSONToken>

  @_lifetime(copy text, copy tokens)
  init(text: Span<UInt8>, tokens: Span<JSONToken>) {
    self.text = text
    self.tokens = tokens
  }

  /// Unescaped keys and the indices of the values that are not null.
  func members(of object: Int) -> [(name: String, value: Int)] {
    allMembers(of: object).filter { tokens[$0.key + 1].kind != .null }.map { ($0.name, $0.key + 1) }
  }

  /// Unescaped keys and the indices of their tokens, null values included.
  func allMembers(of object: Int) -> [(name: String, key: Int)] {
    guard tokens[object].kind == .object else { return [] }
    var members: [(String, Int)] = []
    var key = object + 1
    for _ in 0..<tokens[object].members {
      members.append((string(key), key))
      key = tokens[key + 1].after
    }
    return members
  }

  /// The index of the value of a key, unless there is none or null.
  func member(_ name: String, of object: Int) -> Int? {
    guard tokens[object].kind == .object else { return nil }
    var key = object + 1
    for _ in 0..<tokens[object].members {
      let value = key + 1
      if isKey(key, name) { return tokens[value].kind == .null ? nil : value }
      key = tokens[value].after
    }
    return nil
  }

  private func isKey(_ key: Int, _ name: String) -> Bool {
    if tokens[key].hasEscape { return string(key).utf8.elementsEqual(name.utf8) }
    let text = text.extracting(tokens[key].text)
    return text.count == name.utf8.count && zip(text.indices, name.utf8).allSatisfy { text[$0] == $1 }
  }

  func elements(of array: Int) -> [Int] {
    guard tokens[array].kind == .array else { return [] }
    var elements: [Int] = []
    var element = array + 1
    for _ in 0..<tokens[array].members {
      elements.append(element)
      element = tokens[element].after
    }
    return elements
  }

  /// What a string says; the raw text of anything else.
  func string(_ index: Int) -> String {
    var bytes: [UInt8] = []
    JSONText.unescape(text.extracting(tokens[index].text), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The minified JSON text of a value.
  func rawText(_ index: Int) -> String {
    var bytes: [UInt8] = []
    JSONText.appendMinified(tokens[index], of: text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension JSONScanner {
  /// Scans one text, which gets padding, and calls `body` with its tokens; nil if it is not valid JSON.
  mutating func withDocument<R>(_ text: inout [UInt8], _ body: (borrowing JSONDocument) -> R?) -> R? {
    let lines = [Line(offset: 0, length: UInt32(text.count))]
    text.append(contentsOf: repeatElement(0, count: Self.padding))
    scan(text.span, lines: lines.span)
    guard results[0].error == nil, tokens.count > 0 else { return nil }
    return body(JSONDocument(text: text.span, tokens: tokens))
  }
}
