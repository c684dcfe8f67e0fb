/// A snapshot of the environment as of one commit, from `Environment.read()`. It ends when it goes out of scope.
///
/// ```swift
/// let transaction = try environment.read()
/// if let value = try transaction.get(42, in: segments) {
///   total += value.byteCount       // `value` points into the memory map, and cannot leave this scope
/// }
/// ```
///
/// It may be used by one thread at a time, and neither kept in a class nor carried across an `await`: the compiler
/// refuses.
public struct ReadTransaction: Transaction, ~Copyable, ~Escapable {
  public let access: TransactionAccess

  @_lifetime(borrow environment)
  init(_ environment: borrowing Environment) throws(LMDBError) {
    access = try TransactionAccess(beginning: copy environment, writing: false)
  }

  deinit { access.abort() }
}
