/// Many short lists that share one array, so that none needs memory of its own: what came of each order of a person.
///
/// ```swift
/// var list = Chains<Int64>.List()
/// chains.append(time, to: &list)
/// var next = list.first
/// while let index = next {
///   use(chains[index])
///   next = chains.index(after: index)
/// }
/// ```
struct Chains<Element> {
  /// Where a list begins and ends; it is empty at first.
  struct List {
    fileprivate(set) var first: Int?
    fileprivate var last = 0
  }

  private var elements: [(value: Element, next: Int?)] = []

  mutating func append(_ value: Element, to list: inout List) {
    if list.first == nil { list.first = elements.count } else { elements[list.last].next = elements.count }
    list.last = elements.count
    elements.append((value, nil))
  }

  subscript(index: Int) -> Element { elements[index].value }

  /// Where the next element of the same list stands; nil after the last one.
  func index(after index: Int) -> Int? { elements[index].next }

  /// Forgets all lists, but not the memory.
  mutating func removeAll() { elements.removeAll(keepingCapacity: true) }
}
