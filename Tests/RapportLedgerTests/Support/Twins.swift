/// A view's naive twin: the same view written again, plainly, from its definition.
struct Twin: Sendable {
  /// Name of the view.
  let view: String
  /// The types that it is about.
  let types: [String]
  /// Options that are tried beside none at all.
  var options: [[String: String]] = []
  let answer: @Sendable (Naive.World) -> Naive.Result

  static let all: [Twin] = [
    .authenticity, .contactPerson, .finding, .listening, .pressure, .promises, .reach, .requests, .retention,
    .selfservice, .understanding, .value,
  ]
}
