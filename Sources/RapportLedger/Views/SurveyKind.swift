/// What a survey asks for: the codes of the vocabulary.
enum SurveyKind: UInt8 {
  case nps = 1
  case csat, ces, perception, open

  static let words = ["nps", "csat", "ces", "perception", "open"]

  /// The scale of answers that do not say theirs.
  var scale: Int64 {
    switch self {
    case .nps: 10
    case .ces: 7
    default: 5
    }
  }

  /// The least score on a scale: 1–5 and 1–7 begin with one, others may begin with zero.
  func lowest(of scale: Int64) -> Int64 { self == .ces || (self == .csat && scale == 5) ? 1 : 0 }

  /// Whether the measure is defined on that scale alone.
  var hasOneScale: Bool { self == .nps || self == .ces }
}
