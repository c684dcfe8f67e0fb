/// Decides how many stories begin in each hour, so that exactly the wanted number of events fills the whole time.
///
/// A story brings events for days, and nobody knows how many. So the pace is a controller: it takes the events that are
/// still to be told, spreads them over the remaining hours by weight (nights are quiet, Sundays slow), and divides by
/// the events that a story has brought so far. What was over- or underestimated yesterday is put right tomorrow. In the
/// last hour as many stories begin as events are missing, each with one event at least: no stream ends too short.
///
/// Integers only: shares are 2¹⁶ths, the length of a story is in hundredths.
struct Pacing {
  private static let hourWeights: [Int] = [
    4, 2, 1, 1, 1, 3, 8, 16, 26, 34, 38, 38, 36, 36, 36, 36, 34, 34, 36, 38, 36, 26, 16, 8,
  ]
  /// Monday first.
  private static let weekdayWeights: [Int] = [10, 10, 10, 10, 9, 8, 5]
  /// Before there is experience: events of a story in hundredths, with the weight of this many stories.
  private static let expected = (length: 480, stories: 50)

  private let firstDay: Int
  private let hours: Int
  private var hour = 0
  private var weightLeft: Int
  private var credit = 0
  private var stories = 0

  init(firstDay: Int, days: Int) {
    self.firstDay = firstDay
    hours = 24 * days
    weightLeft = 0
    for hour in 0..<hours { weightLeft += weight(hour) }
  }

  private func weight(_ hour: Int) -> Int {
    // 1970-01-01 was a Thursday.
    let weekday = ((firstDay + hour / 24 + 3) % 7 + 7) % 7
    return Pacing.hourWeights[hour % 24] * Pacing.weekdayWeights[weekday]
  }

  /// The number of stories that begin in the next hour.
  ///
  /// - Parameters:
  ///   - missing: events still to be told.
  ///   - told: events told so far.
  ///   - open: steps in flight.
  mutating func storiesInNextHour(missing: Int, told: Int, open: Int) -> Int {
    let hoursLeft = hours - hour
    let share = weight(hour)
    defer {
      weightLeft -= share
      hour += 1
    }
    guard hoursLeft > 1 else { return missing }
    let experienced = (told + open) * 100 + Pacing.expected.length * Pacing.expected.stories
    let length = max(100, experienced / (stories + Pacing.expected.stories))
    let (whole, rest) = (missing * share).quotientAndRemainder(dividingBy: weightLeft)
    credit += whole * (100 << 16) / length + rest * (100 << 16) / (length * weightLeft)
    let count = min(credit >> 16, missing)
    credit &= 0xFFFF
    stories += count
    return count
  }
}
