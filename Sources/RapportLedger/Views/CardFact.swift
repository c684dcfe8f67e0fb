/// One thing on a card.
public struct CardFact: BitwiseCopyable, Sendable {
  public enum What: UInt8, BitwiseCopyable, Sendable {
    case events, firstTouch, lastTouchIn, lastTouchOut, kind, contact, role, openCases, openPromises, orders, revenue
    case contribution, satisfaction
  }

  public var what: What
  public var code: UInt8
  public var currency: UInt16
  public var name: UInt32
  public var time: Int64
  public var number: Int64
  public var number2: Int64

  init(
    _ what: What, code: UInt8 = 0, currency: UInt16 = 0, name: UInt32 = 0, time: Int64 = 0, number: Int64 = 0,
    number2: Int64 = 0
  ) {
    self.what = what
    self.code = code
    self.currency = currency
    self.name = name
    self.time = time
    self.number = number
    self.number2 = number2
  }
}
