import RapportLedger

/// A view's answer as a table, a list, or CSV.
enum ViewPage {
  /// - Parameter note: prints a remark on standard error.
  static func print(
    _ answer: ViewAnswer, info: ViewInfo, grouping: String?, on output: inout Output, note: (Rich) -> Void
  ) throws {
    let isTerminal = output.terminal.isTerminal
    if isTerminal { try output.lines(heading(answer, info, output.terminal.columns)) }
    if answer.rows.rows.count == 1, grouping == nil {
      try printList(answer.rows.rows[0], on: &output)
    } else if answer.rows.rows.isEmpty {
      if isTerminal {
        try output.line(Rich("no rows", .dim))
      } else {
        try output.line(Table.tabbed(keys(info, grouping).map { Rich($0) }))
      }
    } else {
      try output.table(table(answer, grouping: grouping, isTerminal))
    }
    let leftOut = answer.rows.leftOut.map { Rich("\($0.reason) \(Human.count($0.count))") }
    let remark = leftOut.isEmpty ? Rich() : Rich("left out: ") + .joined(leftOut, Rich(", "))
    if isTerminal {
      if !remark.isEmpty { try output.lines([Rich(), remark.styled(.dim)]) }
      try output.flush()
    } else {
      try output.flush()
      if !remark.isEmpty { note(remark) }
    }
    for warning in answer.rows.warnings { note(Rich("warning: \(warning)", .warning)) }
  }

  private static func heading(_ answer: ViewAnswer, _ info: ViewInfo, _ columns: Int) -> [Rich] {
    var facts = [Rich("version \(answer.version)")]
    if let from = answer.from { facts.append(Rich("from \(Human.time(from))")) }
    if let to = answer.to { facts.append(Rich("to \(Human.time(to))")) }
    facts.append(Rich("as of \(Human.time(answer.asOf))"))
    if let knownAt = answer.knownAt { facts.append(Rich("known at \(Human.count(knownAt))")) }
    facts.append(Rich("position \(Human.count(answer.position))"))
    let question = TerminalText.wrapped(info.question, to: columns).map { Rich($0) }
    return [Rich(info.name, .bold) + Rich("  ") + Rich.joined(facts).styled(.dim)] + question + [Rich()]
  }

  // MARK: One row

  private static func printList(_ row: ViewRow, on output: inout Output) throws {
    guard output.terminal.isTerminal else {
      for (key, cell) in row.cells { try output.line(Table.tabbed([Rich(key), text(cell, isTerminal: false)])) }
      return
    }
    let keys = row.cells.reduce(0) { max($0, $1.key.count) }
    // Numbers stand below each other, what explains them behind.
    let numbers = row.cells.reduce(0) { max($0, isNumber($1.value) ? number($1.value).width : 0) }
    for (key, cell) in row.cells {
      let label = Rich(key, .dim).padded(to: keys + 2)
      if case .distribution(let counts) = cell {
        let space = Rich().padded(to: keys + 2)
        for (index, line) in bars(counts).enumerated() { try output.line((index == 0 ? label : space) + line) }
      } else if isNumber(cell) {
        try output.line(label + number(cell).padded(to: numbers, right: true) + whole(cell, isTerminal: true))
      } else {
        try output.line(label + text(cell, isTerminal: true))
      }
    }
  }

  private static func bars(_ counts: [(key: String, count: Int)]) -> [Rich] {
    guard let greatest = counts.map(\.count).max(), greatest > 0 else { return [Rich("n/a", .dim)] }
    let keys = counts.reduce(0) { max($0, $1.key.count) }
    return counts.map { key, count in
      Rich(key).padded(to: keys, right: true) + Rich(" ")
        + Rich(Bar.horizontal(Double(count) / Double(greatest), columns: 24), .accent)
        + Rich(" \(Human.count(count))", .dim)
    }
  }

  // MARK: Rows

  private static func table(_ answer: ViewAnswer, grouping: String?, _ isTerminal: Bool) -> Table {
    let rows = answer.rows.rows
    let first = rows[0].cells
    // What the rows are about comes first: texts before the first number.
    let keyCount = first.indices.first { index in rows.contains { isNumber($0.cells[index].value) } } ?? 1
    let columns = first.indices.map { index in
      Table.Column(
        first[index].key, isRight: rows.contains { isNumber($0.cells[index].value) }, isKey: index < keyCount)
    }
    var table = Table(columns)
    for row in rows {
      table.append(
        row.cells.enumerated().map { index, cell in
          if index < keyCount, cell.value == .none { return Rich(isTerminal ? "(none)" : "", .dim) }
          return text(cell.value, isTerminal: isTerminal)
        })
    }
    return table
  }

  // MARK: Cells

  private static func isNumber(_ cell: ViewRow.Cell) -> Bool {
    switch cell {
    case .count, .rate, .seconds, .number, .money: true
    case .none, .text, .time, .list, .distribution: false
    }
  }

  private static func text(_ cell: ViewRow.Cell, isTerminal: Bool) -> Rich {
    switch cell {
    case .none: Rich("n/a", .dim)
    case .text(let text): Rich(text)
    case .time(let time): Rich(Human.time(time))
    case .list(let cells): .joined(cells.map { text($0, isTerminal: isTerminal) }, Rich(", "))
    case .distribution(let counts) where counts.isEmpty: Rich("n/a", .dim)
    case .distribution(let counts) where isTerminal: spark(counts)
    case .distribution(let counts): Rich(counts.map { "\($0.key):\($0.count)" }.joined(separator: " "))
    case .count(let count): Rich(isTerminal ? Human.count(count) : "\(count)")
    default: number(cell) + whole(cell, isTerminal: isTerminal)
    }
  }

  /// A number without what it is a part of.
  private static func number(_ cell: ViewRow.Cell) -> Rich {
    switch cell {
    case .count(let count): Rich(Human.count(count))
    case .rate(_, 0): Rich("n/a", .dim)
    case .rate(let part, let whole): Rich(Human.percent(part, of: whole))
    case .seconds(let seconds): Rich(Human.duration(seconds))
    case .number(let value): Rich(Human.decimal(value, places: 2))
    default: Rich(cell.json.plainText)
    }
  }

  /// A percentage is worth what its n is.
  private static func whole(_ cell: ViewRow.Cell, isTerminal: Bool) -> Rich {
    guard case .rate(_, let whole) = cell, whole > 0 else { return Rich() }
    return Rich(" of \(isTerminal ? Human.count(whole) : "\(whole)")", .dim)
  }

  /// `1▂ 2▁ 3▃ 4▅ 5█`
  private static func spark(_ counts: [(key: String, count: Int)]) -> Rich {
    guard let greatest = counts.map(\.count).max(), greatest > 0 else { return Rich("n/a", .dim) }
    return .joined(
      counts.map { Rich($0.key, .dim) + Rich(Bar.standing(Double($0.count) / Double(greatest)), .accent) }, Rich(" "))
  }

  // MARK: CSV

  static func csv(of answer: ViewAnswer, info: ViewInfo, grouping: String?) -> String {
    guard let first = answer.rows.rows.first else { return CSV.line(keys(info, grouping)) }
    var text = CSV.line(first.cells.map(\.key))
    for row in answer.rows.rows { text += CSV.line(row.cells.map { csv($0.value) }) }
    return text
  }

  /// The columns of a view that has no rows to take them from.
  private static func keys(_ info: ViewInfo, _ grouping: String?) -> [String] {
    let keys = info.definition.keys
    return (grouping.map { keys.contains($0) ? [] : [$0] } ?? []) + keys
  }

  private static func csv(_ cell: ViewRow.Cell) -> String {
    switch cell {
    case .none, .rate(_, 0): ""
    case .text(let text): CSV.field(text)
    case .list, .distribution: CSV.field(cell.json.text)
    default: CSV.quoted(cell.json.plainText)
    }
  }
}
