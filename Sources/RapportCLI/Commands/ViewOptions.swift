import ArgumentParser
import RapportLedger

/// The options that single views have, as the catalogue declares them; which view takes which is checked by the library.
///
/// `--quiet` is one of them as well: where the view has an option of that name, it means the view's.
struct ViewOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("journey: follow cases instead of customers.", valueName: "case"))
  var per: String?

  @Flag(name: .long, help: "journey: the paths taken, the most frequent first.")
  var variants = false

  @Flag(name: .long, help: "journey: the last steps before customers were lost.")
  var deadEnds = false

  @Flag(name: .long, help: "listening: the feedback that nobody has answered, oldest first.")
  var open = false

  @Flag(name: .long, help: "retention: recency, frequency and spend of every customer.")
  var rfm = false

  @Flag(name: .long, help: "retention: the probability that each customer is still one, an estimate.")
  var alive = false

  @Option(name: .long, help: "retention --alive: parameter r of BG/NBD. (default: 0.243)")
  var r: String?

  @Option(name: .long, help: "retention --alive: parameter alpha of BG/NBD. (default: 4.414)")
  var alpha: String?

  @Option(name: .long, help: "retention --alive: parameter a of BG/NBD. (default: 0.793)")
  var a: String?

  @Option(name: .long, help: "retention --alive: parameter b of BG/NBD. (default: 2.426)")
  var b: String?

  @Option(name: .customLong("cap-7d"), help: "pressure: unsolicited messages in 7 days that are enough. (default: 2)")
  var cap7d: String?

  @Option(name: .customLong("cap-30d"), help: "pressure: unsolicited messages in 30 days that are enough. (default: 6)")
  var cap30d: String?

  /// What was given, by name.
  var given: [String: String] {
    let flags = [("variants", variants), ("dead-ends", deadEnds), ("open", open), ("rfm", rfm), ("alive", alive)]
    let values = [
      ("per", per), ("r", r), ("alpha", alpha), ("a", a), ("b", b), ("cap-7d", cap7d), ("cap-30d", cap30d),
    ]
    var given: [String: String] = [:]
    for (name, isSet) in flags where isSet { given[name] = "" }
    for (name, value) in values { given[name] = value }
    return given
  }
}
