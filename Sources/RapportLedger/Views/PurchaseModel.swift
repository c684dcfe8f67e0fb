#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// BG/NBD: purchases come at a rate that differs between people, and after each one some of them leave for good.
///
/// Fader, Hardie and Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005); the default parameters
/// are those of their CDNOW example, in weeks.
struct PurchaseModel: Sendable {
  let r, alpha, a, b: Double

  init(_ query: ViewQuery) {
    func parameter(_ name: String) -> Double {
      let option = Retention.definition.options.first { $0.name == name }
      guard case .number(let value)? = option?.kind else { return 0 }
      return query.number(name, default: value)
    }
    r = parameter("r")
    alpha = parameter("alpha")
    a = parameter("a")
    b = parameter("b")
  }

  /// The probability that a customer with `x` repeat purchases, the last `recency` weeks after the first, still is one
  /// at `age` weeks.
  func alive(x: Int, recency: Double, age: Double) -> Double {
    guard x > 0 else { return 1 }
    let x = Double(x)
    return 1 / (1 + a / (b + x - 1) * pow((alpha + age) / (alpha + recency), r + x))
  }
}
