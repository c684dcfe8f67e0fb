/// Rows in columns: aligned for people, separated by tabs for programs.
struct Table: Sendable {
  struct Column: Sendable {
    /// The key of the column in JSON and CSV.
    var title: String
    /// Numbers stand at the right.
    var isRight: Bool
    /// Says what the row is about: repeated where the table has to be cut into pieces.
    var isKey: Bool
    /// The last column may be cut to what the line has left.
    var isFlexible: Bool

    init(_ title: String, isRight: Bool = false, isKey: Bool = false, isFlexible: Bool = false) {
      self.title = title
      self.isRight = isRight
      self.isKey = isKey
      self.isFlexible = isFlexible
    }
  }

  private(set) var columns: [Column]
  private(set) var rows: [[Rich]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// - Precondition: a cell for each column.
  mutating func append(_ row: [Rich]) {
    precondition(row.count == columns.count, "a cell for each column")
    rows.append(row)
  }

  private static let gap = Rich("  ")

  /// The table for a terminal.
  ///
  /// A table that is wider than the terminal first gets its headings broken at underscores; if that does not do, it is
  /// cut into pieces one below the other, each with the key columns.
  func lines(columns width: Int, hasColor: Bool) -> [Rich] {
    guard !columns.isEmpty else { return [] }
    let cells = columns.indices.map { column in rows.reduce(0) { max($0, $1[column].width) } }
    var headings = columns.map { [$0.title] }
    if total(widths(cells, headings)) > width {
      headings = columns.indices.map { Self.broken(columns[$0].title, atLeast: cells[$0]) }
    }
    var widths = widths(cells, headings)
    if let last = columns.indices.last, columns[last].isFlexible, total(widths) > width {
      widths[last] = max(16, width - (total(widths) - widths[last]))
    }
    var lines: [Rich] = []
    for piece in pieces(widths, width) {
      if !lines.isEmpty { lines.append(Rich()) }
      lines += heading(piece, headings, widths, hasColor)
      for row in rows { lines.append(line(piece, widths) { row[$0] }) }
    }
    return lines
  }

  /// The table for a program: a heading and rows, fields separated by tabs. Escaping took the tabs out of the fields.
  func tabbedLines() -> [Rich] {
    [columns.map { Rich($0.title) }].map(Self.tabbed) + rows.map(Self.tabbed)
  }

  static func tabbed(_ cells: [Rich]) -> Rich {
    var line = Rich()
    for (index, cell) in cells.enumerated() {
      if index > 0 { line += .tab }
      line += cell
    }
    return line
  }

  private func widths(_ cells: [Int], _ headings: [[String]]) -> [Int] {
    columns.indices.map { column in headings[column].reduce(cells[column]) { max($0, TerminalText.width($1)) } }
  }

  private func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + Self.gap.width * (widths.count - 1) }

  /// `on_time_rate` as `on_time_`, `rate`: no line longer than the cells, where the words allow it.
  private static func broken(_ title: String, atLeast width: Int) -> [String] {
    var lines: [String] = []
    let words = title.split(separator: "_")
    let longest = words.indices.reduce(width) { max($0, words[$1].count + ($1 + 1 < words.count ? 1 : 0)) }
    for (index, word) in words.enumerated() {
      let part = index + 1 < words.count ? word + "_" : word
      if let last = lines.last, last.count + part.count <= longest {
        lines[lines.count - 1] = last + part
      } else {
        lines.append(String(part))
      }
    }
    return lines
  }

  /// Which columns stand beside each other.
  private func pieces(_ widths: [Int], _ width: Int) -> [[Int]] {
    guard total(widths) > width else { return [Array(columns.indices)] }
    let keys = columns.indices.filter { columns[$0].isKey }
    var pieces: [[Int]] = []
    var piece = keys
    for column in columns.indices where !columns[column].isKey {
      if piece.count > keys.count, total((piece + [column]).map { widths[$0] }) > width {
        pieces.append(piece)
        piece = keys
      }
      piece.append(column)
    }
    return pieces + [piece]
  }

  private func heading(_ piece: [Int], _ headings: [[String]], _ widths: [Int], _ hasColor: Bool) -> [Rich] {
    let height = piece.reduce(1) { max($0, headings[$1].count) }
    var lines = (0..<height).map { index in
      line(piece, widths) { column in
        let missing = height - headings[column].count
        return Rich(index < missing ? "" : headings[column][index - missing], .dim)
      }
    }
    if !hasColor { lines.append(line(piece, widths) { Rich(String(repeating: "─", count: widths[$0])) }) }
    return lines
  }

  private func line(_ piece: [Int], _ widths: [Int], _ cell: (Int) -> Rich) -> Rich {
    var line = Rich()
    for (index, column) in piece.enumerated() {
      if index > 0 { line += Self.gap }
      let text = cell(column).truncated(to: widths[column])
      let isLast = index == piece.count - 1
      line +=
        isLast && !columns[column].isRight ? text : text.padded(to: widths[column], right: columns[column].isRight)
    }
    return line
  }
}

extension Output {
  mutating func table(_ table: Table) throws {
    try lines(
      terminal.isTerminal
        ? table.lines(columns: terminal.columns, hasColor: terminal.hasColor) : table.tabbedLines())
  }
}
