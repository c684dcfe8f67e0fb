/// What events that act on others, or say who is one person, come to all together.
struct ActsEffect: Sendable, Equatable {
  /// Corrections and retractions whose target is not there, another subject's, or one of them.
  var withoutTarget = 0
  /// Corrections whose result would not be accepted.
  var notAccepted = 0
  /// Unmerges that cancel nothing.
  var withoutMerge = 0
  /// The latest valid time that any of the corrected events has now; `Int64.min` for none.
  var latest = Int64.min

  /// Adds what acts on other events come to.
  mutating func add(_ other: ActsEffect) {
    withoutTarget += other.withoutTarget
    notAccepted += other.notAccepted
    withoutMerge += other.withoutMerge
    latest = max(latest, other.latest)
  }

  /// What acts on nothing, by the reasons of ``ViewRows/leftOut``.
  var leftOut: KeyValuePairs<String, Int> {
    [
      "correction_without_target": withoutTarget, "correction_not_accepted": notAccepted,
      "unmerge_without_merge": withoutMerge,
    ]
  }
}
