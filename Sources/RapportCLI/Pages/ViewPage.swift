import RapportLedger

/// A view's answer as a table, a list, or CSV.
enum ViewPage {
  /// - Parameter note: prints a remark on standard error.
  static func print(
    _ answer: ViewAnswer, info: ViewInfo, query: ViewQuery, on output: inout Output, note: (Rich) -> Void
  ) throws {
    let isTerminal = output.terminal.isTerminal
    if isTerminal { try output.lines(heading(answer, info, output.terminal.columns)) }
    let keys = info.definition.keys(for: query)
    // A view that is not grouped by anything has one row, and that is easier to read downwards.
    let isList =
      query.grouping == nil && info.definition.defaultGrouping == nil
      && !info.definition.variants.contains { $0.keys == keys }
    try printRows(answer.rows.rows, keys: keys, isList: isList, on: &output)
    for (view, rows) in answer.counterweights {
      if isTerminal {
        try output.lines([Rich(), Rich(view, .bold) + Rich("  counterweight", .dim)])
      } else {
        try output.line(Table.tabbed([Rich("counterweight"), Rich(view)]))
      }
      try printRows(.init(rows), keys: rows.first?.cells.map(\.key) ?? [], isList: rows.count == 1, on: &output)
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

  /// Rows without a view around them.
  static func print(_ rows: [ViewRow], keys: [String], on output: inout Output) throws {
    try printRows(.init(rows), keys: keys, isList: false, on: &output)
  }

  private static func printRows(
    _ rows: ViewRows.Rows, keys: [String], isList: Bool, on output: inout Output
  ) throws {
    if isList, rows.count == 1 {
      try printList(rows[0], on: &output)
    } else if !output.terminal.isTerminal {
      try printTabbed(rows, keys: keys, on: &output)
    } else if rows.isEmpty {
      try output.line(Rich("no rows", .dim))
    } else {
      try output.table(table(.init(Array(rows))))
    }
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

  /// For programs; there may be a row for every customer.
  private static func printTabbed(_ rows: ViewRows.Rows, keys: [String], on output: inout Output) throws {
    let titles = rows.first?.cells.map(\.key) ?? keys
    try output.line(Table.tabbed(titles.map { Rich($0) }))
    let keyCount = keyCount(of: rows)
    try printRows(rows, separatedBy: "\t", on: &output) { cell, column, line in
      append(cell, isKey: column < keyCount, to: &line)
    }
  }

  private static func printRows(
    _ rows: ViewRows.Rows, separatedBy separator: Unicode.Scalar, on output: inout Output,
    append: @Sendable @escaping (ViewRow.Cell, _ column: Int, _ line: inout [UInt8]) -> Void
  ) throws {
    try rows.forEachPiece { row, _, line in
      for (column, (_, cell)) in row.cells.enumerated() {
        if column > 0 { line.append(UInt8(ascii: separator)) }
        append(cell, column, &line)
      }
      line.append(UInt8(ascii: "\n"))
    } to: {
      try output.text($0)
    }
  }

  /// Appends a cell without a style. What most rows of long answers are made of is not made a ``Rich`` text first.
  private static func append(_ cell: ViewRow.Cell, isKey: Bool, to line: inout [UInt8]) {
    let start = line.count
    switch cell {
    case .text(let text): line.append(contentsOf: text.utf8)
    case .texts(let texts): texts.append(to: &line, separatedBy: ", ")
    case .count(let count): line.append(contentsOf: String(count).utf8)
    case .money: line.append(contentsOf: cell.json.plainText.utf8)
    case .time(let time): line.append(contentsOf: Human.time(time).utf8)
    default: line.append(contentsOf: text(cell, isKey: isKey, isTerminal: false).plain.utf8)
    }
    TerminalText.escape(&line, from: start)
  }

  /// What the rows are about comes first: texts before the first number.
  private static func keyCount(of rows: ViewRows.Rows) -> Int {
    rows.first?.cells.indices.first { isNumber(column: $0, of: rows) } ?? 1
  }

  /// All values of a column are of a kind, or there are none.
  private static func isNumber(column: Int, of rows: ViewRows.Rows) -> Bool {
    for row in rows {
      if case .none = row.cells[column].value { continue }
      return isNumber(row.cells[column].value)
    }
    return false
  }

  private static func table(_ rows: ViewRows.Rows) -> Table {
    let first = rows[0].cells
    let keyCount = keyCount(of: rows)
    let columns = first.indices.map { index in
      Table.Column(first[index].key, isRight: isNumber(column: index, of: rows), isKey: index < keyCount)
    }
    var table = Table(columns)
    let greatest = greatestCounts(rows)
    for row in rows {
      table.append(
        row.cells.enumerated().map { index, cell in
          if index == greatest.first?.column, case .count(let count) = cell.value {
            return Rich(Human.count(count)) + Rich(" ")
              + Rich(Bar.horizontal(Double(count) / Double(greatest[0].count), columns: 8), .accent)
          }
          return text(cell.value, isKey: index < keyCount, isTerminal: true)
        })
    }
    return table
  }

  /// The first column of counts where a bar says something: several rows and something to compare.
  private static func greatestCounts(_ rows: ViewRows.Rows) -> [(column: Int, count: Int)] {
    guard rows.count > 2 else { return [] }
    for column in rows[0].cells.indices {
      let counts = rows.compactMap { row -> Int? in
        if case .count(let count) = row.cells[column].value { count } else { nil }
      }
      guard counts.count == rows.count, let greatest = counts.max(), greatest != counts.min() else { continue }
      return [(column, greatest)]
    }
    return []
  }

  // MARK: Cells

  private static func isNumber(_ cell: ViewRow.Cell) -> Bool {
    switch cell {
    case .count, .rate, .per, .seconds, .number, .money: true
    case .none, .bool, .text, .time, .list, .texts, .distribution: false
    }
  }

  /// - Parameter isKey: says what a row is about.
  private static func text(_ cell: ViewRow.Cell, isKey: Bool, isTerminal: Bool) -> Rich {
    if isKey, case .none = cell { return Rich(isTerminal ? "(none)" : "", .dim) }
    return text(cell, isTerminal: isTerminal)
  }

  private static func text(_ cell: ViewRow.Cell, isTerminal: Bool) -> Rich {
    switch cell {
    case .none: Rich("n/a", .dim)
    case .text(let text): Rich(text)
    case .bool(let value): Rich(value ? "yes" : "no")
    case .time(let time): Rich(Human.time(time))
    case .list(let cells) where isTerminal && cells.count > 1 && cells.allSatisfy(isNumber): spark(cells)
    case .list(let cells): .joined(cells.map { text($0, isTerminal: isTerminal) }, Rich(", "))
    case .texts(let texts): Rich(texts.joined(separator: ", "))
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
    case .rate(_, 0), .per(_, _, 0): Rich("n/a", .dim)
    case .per(let many, let part, let whole):
      Rich(Human.decimal(Double(many) * Double(part) / Double(whole), places: 2))
    case .rate(let part, let whole): Rich(Human.percent(part, of: whole))
    case .seconds(let seconds): Rich(Human.duration(seconds))
    case .number(let value): Rich(Human.decimal(value, places: 2))
    default: Rich(cell.json.plainText)
    }
  }

  /// A percentage is worth what its n is.
  private static func whole(_ cell: ViewRow.Cell, isTerminal: Bool) -> Rich {
    let whole: Int
    switch cell {
    case .rate(_, let all), .per(_, _, let all): whole = all
    default: return Rich()
    }
    guard whole > 0 else { return Rich() }
    return Rich(" of \(isTerminal ? Human.count(whole) : "\(whole)")", .dim)
  }

  /// `1▂ 2▁ 3▃ 4▅ 5█`
  private static func spark(_ counts: [(key: String, count: Int)]) -> Rich {
    guard let greatest = counts.map(\.count).max(), greatest > 0 else { return Rich("n/a", .dim) }
    return .joined(
      counts.map { Rich($0.key, .dim) + Rich(Bar.standing(Double($0.count) / Double(greatest)), .accent) }, Rich(" "))
  }

  /// A row of counts as one line: `662 ▁▁ ▂`, the first one in figures and the rest against it.
  private static func spark(_ cells: [ViewRow.Cell]) -> Rich {
    let counts = cells.map { cell -> Double in if case .count(let count) = cell { Double(count) } else { 0 } }
    let rest = counts.dropFirst()
    guard let greatest = rest.max(), greatest > 0 else { return Rich(Human.count(Int(counts[0]))) }
    return Rich(Human.count(Int(counts[0]))) + Rich(" ")
      + Rich(rest.map { Bar.standing($0 / greatest) }.joined(), .accent)
      + Rich(" ≤ \(Human.count(Int(greatest)))", .dim)
  }

  // MARK: CSV

  static func printCSV(_ answer: ViewAnswer, keys: [String], on output: inout Output) throws {
    let rows = answer.rows.rows
    try output.text(CSV.line(rows.first?.cells.map(\.key) ?? keys))
    // Whoever looks at it on a terminal must not be deceived by what customers wrote.
    let isTerminal = output.terminal.isTerminal
    try printRows(rows, separatedBy: ",", on: &output) { cell, _, line in
      let start = line.count
      append(csv: cell, to: &line)
      if isTerminal { TerminalText.escape(&line, from: start) }
    }
  }

  private static func append(csv cell: ViewRow.Cell, to line: inout [UInt8]) {
    let start = line.count
    switch cell {
    case .none, .rate(_, 0), .per(_, _, 0): return
    case .text(let text): return CSV.append(text, to: &line)
    case .list, .texts, .distribution: cell.appendJSON(to: &line)
    default: line.append(contentsOf: cell.json.plainText.utf8)
    }
    CSV.quoteField(of: &line, from: start)
  }
}
