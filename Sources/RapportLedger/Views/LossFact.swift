/// What `losses` knows of a person or of the firm: one fact a record.
public struct LossFact: BitwiseCopyable, Sendable {
  public enum What: UInt8, BitwiseCopyable, Sendable {
    /// An unfriendly action of the firm, with its expected gain.
    case action
    /// The person met the action.
    case exposed
    /// The times at which the person was active; those of them with a loss in the 90 days after. From `time` to `amount`.
    case active, leaving
    /// What an exposed person had contributed, and what a loss that names the action as its cause cost, per currency.
    case prior, stated
    /// A customer lost; a friction; a person's first touch.
    case lost, friction, first
    /// An exposure to an action that is not known.
    case unknown
  }

  var what: What
  var time: Int64
  /// Action, or why a customer was lost.
  var name: UInt32 = 0
  /// To which competitor.
  var name2: UInt32 = 0
  var amount: Int64 = 0
  /// Of an action: what `cause` of other events names it by.
  var fingerprint: UInt64 = 0
  var currency: UInt16 = 0
  var severity: UInt8 = 0
  /// Lost within 90 days.
  var isLost = false
  /// Of a friction: answered by an apology or a recovery; and the customer is satisfied or active again.
  var isAnswered = false
  var isRecovered = false
  /// Of an exposure: the person was active when the action was taken; and lost within 90 days of that.
  var wasActive = false
  var wasLeaving = false
}
