/// What a stream can show.
struct Terminal: Sendable {
  /// Whether people look at it: then tables are aligned and progress is shown.
  let isTerminal: Bool
  /// Whether text may be coloured.
  let hasColor: Bool
  /// Whether the cursor can be moved to draw a line anew.
  let canRedraw: Bool
  let columns: Int

  /// `NO_COLOR` (whatever its value), `TERM=dumb` and `--no-color` are respected.
  init(_ descriptor: Int32, noColor: Bool) {
    isTerminal = System.isTerminal(descriptor)
    canRedraw = isTerminal && System.variable("TERM") != "dumb"
    hasColor = canRedraw && !noColor && System.variable("NO_COLOR") == nil
    columns = isTerminal ? System.columns(of: descriptor) : .max
  }
}

/// How a piece of text looks.
enum Style: Sendable {
  case plain, bold, dim, underlined, good, bad, warning, accent

  /// Parameters of the terminal's "select graphic rendition".
  fileprivate var code: String? {
    switch self {
    case .plain: nil
    case .bold: "1"
    case .dim: "2"
    case .underlined: "4"
    case .good: "32"
    case .bad: "31"
    case .warning: "33"
    case .accent: "36"
    }
  }
}

/// Text in styles, safe to print.
///
/// Whatever people see goes through here, and here control and bidirectional characters are escaped: there is no other
/// way to a terminal for text that came from outside.
struct Rich: Sendable {
  private(set) var parts: [(text: String, style: Style)] = []
  /// Columns that it takes.
  private(set) var width = 0

  init() {}

  init(_ text: String, _ style: Style = .plain) { append(text, style) }

  /// Separates fields for programs: the one control character, and it cannot come from outside.
  static let tab: Rich = {
    var text = Rich()
    text.parts = [("\t", .plain)]
    return text
  }()

  mutating func append(_ text: String, _ style: Style = .plain) {
    let safe = TerminalText.escaped(text)
    guard !safe.isEmpty else { return }
    parts.append((safe, style))
    width += TerminalText.width(safe)
  }

  static func + (a: Rich, b: Rich) -> Rich {
    var both = a
    both += b
    return both
  }

  static func += (a: inout Rich, b: Rich) {
    a.parts += b.parts
    a.width += b.width
  }

  var isEmpty: Bool { parts.isEmpty }

  /// The same in one style where a part has none.
  func styled(_ style: Style) -> Rich {
    var copy = self
    for index in copy.parts.indices where copy.parts[index].style == .plain { copy.parts[index].style = style }
    return copy
  }

  /// Filled with spaces to a width.
  func padded(to columns: Int, right: Bool = false) -> Rich {
    guard width < columns else { return self }
    let space = Rich(String(repeating: " ", count: columns - width))
    return right ? space + self : self + space
  }

  /// Cut to a width, with an ellipsis where something is missing.
  func truncated(to columns: Int) -> Rich {
    guard width > columns, columns > 0 else { return self }
    var short = Rich()
    for part in parts {
      let room = columns - short.width - 1
      if TerminalText.width(part.text) <= room {
        short.append(part.text, part.style)
        continue
      }
      var text = ""
      var used = 0
      for character in part.text {
        let width = TerminalText.width(character)
        guard used + width <= room else { break }
        text.append(character)
        used += width
      }
      short.append(text + "…", part.style)
      break
    }
    return short
  }

  /// The text without its styles.
  var plain: String { parts.map(\.text).joined() }

  func rendered(on terminal: Terminal) -> String {
    guard terminal.hasColor else { return plain }
    var text = ""
    for part in parts {
      if let code = part.style.code { text += "\u{1B}[\(code)m\(part.text)\u{1B}[0m" } else { text += part.text }
    }
    return text
  }

  /// Several texts with something between them; empty ones are left out.
  static func joined(_ texts: [Rich], _ separator: Rich = Rich(" · ", .dim)) -> Rich {
    var all = Rich()
    for text in texts where !text.isEmpty {
      if !all.isEmpty { all += separator }
      all += text
    }
    return all
  }
}
