/// A view's naive twin: the same view written again, plainly, from its definition.
struct Twin: Sendable {
  /// Name of the view.
  let view: String
  /// The types that it is about.
  let types: [String]
  /// Options that are tried beside none at all.
  var options: [[String: String]] = []
  /// Streams of its own beside the wild ones.
  var streams: [[String]] = []
  let answer: @Sendable (Naive.World) -> Naive.Result

  static let all: [Twin] = [
    .advocacy, .authenticity, .consent, .contactPerson, .countries, .dataUse, .finding, .journey, .listening, .losses,
    .perceptionGap,
    .perfectOrders, .pressure, .priorities, .promises, .reach, .requests, .retargeting, .retention, .satisfaction,
    .seams, .selfservice, .service, .stewardship, .understanding, .value, .wants,
  ]
}
