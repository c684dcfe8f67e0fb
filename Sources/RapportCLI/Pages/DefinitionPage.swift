import RapportLedger

/// A view's published definition.
enum DefinitionPage {
  static func json(of info: ViewInfo) -> JSONValue {
    func list(_ words: [String]) -> JSONValue { .array(words.map { .string($0) }) }
    let definition = info.definition
    return .members([
      "view": .string(info.name), "version": .int(info.version), "question": .string(info.question),
      "formula": .string(definition.formula), "unit": .string(definition.unit), "window": .string(definition.anchor),
      "exclusions": .string(definition.exclusions), "groupings": list(definition.groupings),
      "default_grouping": .string(definition.defaultGrouping), "keys": list(definition.keys),
      "options": .array(
        definition.options.map { .members(["option": .string($0.synopsis), "help": .string($0.help)]) }),
      "variants": .array(
        definition.variants.map { .members(["with": .string($0.when), "keys": list($0.keys)]) }),
      "counterweights": list(definition.counterweights),
    ])
  }

  /// What views there are, for a terminal.
  static func catalogue(_ infos: [ViewInfo], columns: Int) -> [Rich] {
    let names = infos.reduce(0) { max($0, $1.name.count) } + 2
    return infos.flatMap { info in
      TerminalText.wrapped(info.question, to: columns - names).enumerated().map { index, line in
        Rich(index == 0 ? info.name : "", .bold).padded(to: names) + Rich(line)
      }
    }
  }

  static func lines(of info: ViewInfo, columns: Int) -> [Rich] {
    let definition = info.definition
    let groupings = definition.groupings.map { $0 == definition.defaultGrouping ? "\($0) (default)" : $0 }
    var sections: [(String, String)] = [
      ("formula", definition.formula), ("unit", definition.unit),
      ("window", "[--from, --to) selects by \(definition.anchor)"), ("left out", definition.exclusions),
      ("--by", groupings.joined(separator: ", ")), ("keys", definition.keys.joined(separator: ", ")),
    ]
    sections += definition.variants.map { ($0.when, $0.keys.joined(separator: ", ")) }
    sections += definition.options.map { ($0.synopsis, $0.help) }
    sections.append(("printed with", definition.counterweights.joined(separator: ", ")))
    let labels = sections.reduce(14) { max($0, $1.0.count + 2) }
    var lines = [Rich(info.name, .bold) + Rich("  version \(info.version)", .dim)]
    lines += TerminalText.wrapped(info.question, to: columns).map { Rich($0) }
    for (label, text) in sections where !text.isEmpty {
      lines.append(Rich())
      // Lines of prose are easier to read when they are not as long as the screen is wide.
      for (index, line) in TerminalText.wrapped(text, to: min(columns, 100) - labels).enumerated() {
        lines.append(Rich(index == 0 ? label : "", .dim).padded(to: labels) + Rich(line))
      }
    }
    return lines
  }
}
