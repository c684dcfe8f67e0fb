/// The stories that begin by themselves, with their weights. All others follow from these.
struct Repertoire {
  private static let weighted: [(weight: Int, chapter: Chapter)] = [
    // Orders
    (200, .order(.placed)), (75, .order(.searched)), (50, .order(.viewed)), (15, .order(.reordered)),
    (6, .order(.contractStarted)),
    // Touches
    (150, .touch(.campaignSent)), (130, .touch(.adShown)), (55, .touch(.contentSent)), (110, .touch(.messageReceived)),
    (60, .touch(.messageSent)), (14, .touch(.subscribed)), (6, .touch(.meetingHeld)), (8, .touch(.noteAdded)),
    // Service
    (38, .service(.opened)), (35, .help(.attempted)), (12, .help(.accessFailed)), (16, .help(.requested)),
    (26, .help(.started)), (15, .help(.answerGiven)),
    // Listening
    (65, .listening(.surveySent)), (40, .listening(.feedbackReceived)), (18, .listening(.reviewPublished)),
    (10, .listening(.mentionPublished)), (8, .listening(.referralMade)),
    // Needs and promises
    (14, .need(.recorded)), (14, .need(.offerMade)), (8, .need(.goalDeclared)), (10, .need(.wishExpressed)),
    (4, .need(.valueStated)), (4, .need(.decisionMade)), (12, .promise(.made)), (10, .promise(.experienced)),
    (4, .promise(.formalityImposed)), (14, .promise(.exposed)),
    // Party and privacy
    (10, .party(.updated)), (4, .party(.roleAssumed)), (6, .party(.personAssigned)), (2, .party(.lost)),
    (4, .party(.identityLinked)), (8, .privacy(.consentGiven)), (3, .privacy(.objectionRaised)),
    (4, .privacy(.requestReceived)), (6, .privacy(.collected)), (2, .privacy(.disclosed)), (2, .privacy(.disclosure)),
    (2, .privacy(.requestMade)), (1, .privacy(.restrictionSet)),
  ]

  private let chapters: [Chapter]

  init() {
    chapters = Repertoire.weighted.flatMap { Array(repeating: $0.chapter, count: $0.weight) }
  }

  func pick(_ draw: inout Draw) -> Chapter {
    chapters[draw.below(chapters.count)]
  }
}
