public import RapportLedger

/// What the built-in ``Satisfaction`` keeps of every history, declared by the public interface alone.
public struct OwnSatisfaction: Projection {
  public static let name = "own-satisfaction"
  public static let version = 1

  public let kinds: EventKindSet = Satisfaction().kinds
  public let columns = Satisfaction().columns

  public init() {}

  /// One survey or review.
  public struct Voice: BitwiseCopyable, Sendable {
    var time: Int64
    var score: Int64
    var country: UInt32
    var touchpoint: UInt32
    var scale: UInt16
    var kindCode: UInt8
    var survey: UInt8
    var sample: UInt8
    var yes: UInt8
    var hasScore: Bool
    var isCustomer: Bool
  }

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Voice]) {
    for index in history.events.indices {
      let event = history.events[index]
      let isReview = event.kind == .reviewPublished
      let isStaff =
        event.actorCode == ActorKind.employee.rawValue || event.actorCode == ActorKind.bot.rawValue
        || isReview && (event.code == 2 || event.code == 3)
      records.append(
        Voice(
          time: event.time, score: event.number, country: event.country, touchpoint: event.touchpoint,
          scale: event.scale, kindCode: isReview ? 2 : event.kind == .surveySent ? 0 : 1,
          survey: isReview ? 0 : event.code, sample: isReview ? 0 : event.code2,
          yes: event.flagA.map { $0 ? 2 : 1 } ?? 0, hasScore: event.hasNumber, isCustomer: !isStaff))
    }
  }

  public func digest(_ voice: Voice, into hasher: inout DigestHasher) {
    hasher.add(values: voice.time, voice.score)
    hasher.add(names: voice.country, voice.touchpoint)
    hasher.add(values: voice.scale, voice.kindCode, voice.survey, voice.sample, voice.yes)
    hasher.add(voice.hasScore)
    hasher.add(voice.isCustomer)
  }
}
