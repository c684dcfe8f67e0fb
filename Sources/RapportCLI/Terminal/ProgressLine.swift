import RapportLedger
import Synchronization

/// One line on a terminal that says how far something is, drawn anew at most ten times a second, from any thread.
final class ProgressLine: Sendable {
  private struct State {
    var drawn = Int64.min
    var isShown = false
  }

  private static let pause: Int64 = 100_000_000
  private static let barColumns = 24

  private let terminal: Terminal
  /// What `done` will be at the end; nil where nobody knows.
  private let total: UInt64?
  private let started = Clock.monotonic
  private let state = Mutex(State())

  private init(_ terminal: Terminal, total: UInt64?) {
    self.terminal = terminal
    self.total = total
  }

  /// nil where standard error is not a terminal that can redraw.
  static func onTerminal(total: UInt64?, noColor: Bool) -> ProgressLine? {
    let terminal = Terminal(StandardError.descriptor, noColor: noColor)
    return terminal.canRedraw ? ProgressLine(terminal, total: total) : nil
  }

  var seconds: Double { Double(Clock.monotonic - started) / 1e9 }

  func update(_ done: UInt64, _ text: () -> String) {
    state.withLock { state in
      let now = Clock.monotonic
      guard state.drawn == .min || now - state.drawn >= Self.pause else { return }
      state.drawn = now
      state.isShown = true
      var line = Rich()
      var left = ""
      if let total, total > 0 {
        let part = min(1, Double(done) / Double(total))
        line += Rich(Bar.horizontal(part, columns: Self.barColumns), .accent) + Rich(" \(Int(part * 100)) % ")
        // The first half second says little about the rest.
        if part > 0, seconds > 0.5 { left = " · \(Human.duration(Int(seconds * (1 - part) / part + 0.5))) left" }
      }
      line += Rich(text() + left)
      StandardError.write("\r\u{1B}[K" + line.truncated(to: terminal.columns - 1).rendered(on: terminal))
    }
  }

  /// Takes the line away.
  func clear() {
    state.withLock { state in
      if state.isShown { StandardError.write("\r\u{1B}[K") }
      state.isShown = false
    }
  }
}
