/// Bars made of block characters, an eighth of a column fine.
enum Bar {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
  private static let heights = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A bar to the right, filled up with spaces. Anything above zero shows.
  static func horizontal(_ part: Double, columns: Int) -> String {
    let clamped = min(max(part, 0), 1)
    let filled = max(clamped > 0 ? 1 : 0, Int((clamped * Double(columns * 8)).rounded()))
    let text = String(repeating: "█", count: filled / 8) + eighths[filled % 8]
    return text + String(repeating: " ", count: max(0, columns - text.count))
  }

  /// A bar of one column that stands; empty for nothing.
  static func standing(_ part: Double) -> String {
    part <= 0 ? " " : heights[min(7, Int(min(part, 1) * 7.999))]
  }
}
