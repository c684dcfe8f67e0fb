/// What an order consists of and what will become of it: a function of its number and its customer, so that shipping,
/// delivery and return agree with the order that nobody kept.
struct Order {
  enum Fate {
    case fine, late, damaged, wrong, missing, partial, failedFirst
    case cancelledByCustomer, cancelledByCompany, cancelledByUnknown, changedByCustomer, changedByCompany
  }

  enum PromiseForm {
    case none, date, instant
  }

  let number: Int
  private(set) var lineCount = 1
  private var products: SIMD4<Int32> = .zero
  private var quantities: SIMD4<Int32> = .zero
  /// Amounts in hundredths. `revenue` is without tax and shipping, after the discount.
  private(set) var discount = 0
  private(set) var revenue = 0
  private(set) var shipping = 0
  private(set) var tax = 0
  let fate: Fate
  let promiseForm: PromiseForm
  let promisedDays: Int
  /// Paid at once, or against an invoice.
  let isPrepaid: Bool

  init(number: Int, customer: Customer, draw: Draw) {
    var draw = draw
    self.number = number
    fate = Order.fate(draw.below(1000))
    let form = draw.below(10)
    promiseForm = form < 6 ? .date : form < 9 ? .instant : .none
    promisedDays = draw.between(3, 6)
    isPrepaid = draw.percent(customer.isBusiness ? 20 : 75)
    lineCount = 1 + draw.below(4) * draw.below(4) / 3
    let repeats = draw.percent(40)
    for index in 0..<lineCount {
      let product =
        repeats && index < 2
        ? customer.favourite(draw.below(5)) : Product(number: draw.below(Product.count))
      products[index] = Int32(product.number)
      quantities[index] = Int32(1 + draw.below(3) * draw.below(customer.isBusiness ? 10 : 2))
      revenue += product.price * Int(quantities[index])
    }
    if draw.percent(15) { discount = revenue / 10 }
    revenue -= discount
    shipping = revenue > 5000 ? 0 : 490
    tax = revenue * customer.country.taxPercent / 100
  }

  /// From a number below 1000: how often what happens.
  private static func fate(_ number: Int) -> Fate {
    switch number {
    case ..<20: .cancelledByCustomer
    case ..<30: .cancelledByCompany
    case ..<34: .cancelledByUnknown
    case ..<54: .changedByCustomer
    case ..<74: .changedByCompany
    case ..<140: .late
    case ..<160: .damaged
    case ..<168: .wrong
    case ..<176: .missing
    case ..<216: .partial
    case ..<231: .failedFirst
    default: .fine
    }
  }

  var isCancelled: Bool {
    fate == .cancelledByCustomer || fate == .cancelledByCompany || fate == .cancelledByUnknown
  }

  /// What the customer pays.
  var total: Int { revenue + shipping + tax }

  func product(_ index: Int) -> Product { Product(number: Int(products[index])) }
  func quantity(_ index: Int) -> Int { Int(quantities[index]) }

  /// What the first of two deliveries brings of a line: nothing of the last, unless it is the only one.
  func firstQuantity(_ index: Int) -> Int {
    if lineCount > 1 { return index == lineCount - 1 ? 0 : quantity(index) }
    return quantity(index) / 2
  }

  /// Whether it is more than one piece, so that it can come in two deliveries.
  var isDivisible: Bool { lineCount > 1 || quantity(0) > 1 }

  /// When it is due if it was placed at `instant`, or 0: the end of a day or a full hour.
  func due(placed instant: Int) -> Int {
    switch promiseForm {
    case .none: return 0
    case .date:
      let ofDay = (instant % .day + .day) % .day
      return instant - ofDay + (promisedDays + 1) * .day - 1 * .second
    case .instant:
      let ofHour = (instant % .hour + .hour) % .hour
      return instant - ofHour + promisedDays * .day
    }
  }
}
