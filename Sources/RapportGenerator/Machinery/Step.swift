/// One event that is going to be told: what, about whom, when. Plain bits, so that the agenda can hold millions.
struct Step {
  /// When it happens, in milliseconds since 1970. For a postponed step in the agenda: when it *arrives*.
  var time: Int
  /// Names the event for ever: its id and all its random decisions derive from it. Unique in a stream.
  var key: UInt64
  /// The key of the event that led to this one, 0 if none did.
  var cause: UInt64 = 0
  /// The number of the story: the order, the case, the survey… Its text form is the id in `data`.
  var story = 0
  /// What the chapter needs to remember: a due time, or the number of another story. Each story file says which.
  var anchor = 0
  /// The number of the customer, below zero for events of the firm.
  var customer: Int32 = -1
  /// The agenda's own: the next step in the same bucket.
  var link: Int32 = -1
  /// How late the event arrives, in milliseconds; 0 for nearly all.
  var late: UInt32 = 0
  var chapter: Chapter
  /// How often the story has been here: the round of a case, the number of a reminder.
  var round: UInt8 = 0
}

/// What a step tells. Each family of stories has its own list, beside its functions.
enum Chapter {
  /// A story begins here; who and what is decided when its time comes.
  case start
  case party(PartyChapter)
  case order(OrderChapter)
  case delivery(DeliveryChapter)
  case service(CaseChapter)
  case touch(TouchChapter)
  case help(HelpChapter)
  case need(NeedChapter)
  case listening(ListeningChapter)
  case promise(PromiseChapter)
  case privacy(PrivacyChapter)
  case firm(FirmChapter)
  case correction(CorrectionChapter)
}
