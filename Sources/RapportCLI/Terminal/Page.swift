/// A page to be read at a glance: a title, and labels with what belongs to them.
struct Page: Sendable {
  struct Entry: Sendable {
    var label: String
    /// Pieces that are not torn apart where the line ends.
    var items: [Rich]
    /// Whether each piece has a line of its own.
    var isList: Bool
  }

  /// What the page is about: for programs its first line.
  var title: (label: String, text: Rich)
  var aside: Rich
  private(set) var entries: [Entry] = []

  init(_ label: String, _ text: Rich, aside: Rich = Rich()) {
    title = (label, text)
    self.aside = aside
  }

  /// Adds what follows a label; without anything to say the line is left out.
  mutating func add(_ label: String, _ items: [Rich], isList: Bool = false) {
    let items = items.filter { !$0.isEmpty }
    if !items.isEmpty { entries.append(Entry(label: label, items: items, isList: isList)) }
  }

  mutating func add(_ label: String, _ text: Rich) { add(label, [text]) }

  private static let separator = Rich(" · ", .dim)

  /// For a terminal: labels in a column of their own.
  func lines(columns: Int) -> [Rich] {
    let labels = entries.reduce(0) { max($0, TerminalText.width($1.label)) }
    var heading = title.text
    if !aside.isEmpty {
      let space = columns - heading.width - aside.width
      heading += Rich(String(repeating: " ", count: min(max(space, 2), 40))) + aside
    }
    var lines = [heading]
    for entry in entries {
      for (index, text) in flow(entry, columns - labels - 2).enumerated() {
        lines.append(Rich(index == 0 ? entry.label : "", .dim).padded(to: labels + 2) + text)
      }
    }
    return lines
  }

  private func flow(_ entry: Entry, _ columns: Int) -> [Rich] {
    if entry.isList { return entry.items }
    var lines = [entry.items[0]]
    for item in entry.items.dropFirst() {
      let last = lines[lines.count - 1]
      if last.width + Self.separator.width + item.width <= columns {
        lines[lines.count - 1] = last + Self.separator + item
      } else {
        lines.append(item)
      }
    }
    return lines
  }

  /// For a program: label and text separated by a tab, a line for each piece of a list.
  func tabbedLines() -> [Rich] {
    [Table.tabbed([Rich(title.label), title.text])]
      + entries.flatMap { entry in
        (entry.isList ? entry.items : [Rich.joined(entry.items, Self.separator)]).map {
          Table.tabbed([Rich(entry.label), $0])
        }
      }
  }
}

extension Output {
  mutating func page(_ page: Page) throws {
    try lines(terminal.isTerminal ? page.lines(columns: terminal.columns) : page.tabbedLines())
  }
}
