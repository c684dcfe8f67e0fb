/// A handle to one sorted map of an environment: keys of one kind, values of bytes.
///
/// Get it from `Environment.openDatabase(named:keys:create:)`. It is good for as long as the environment is open, in
/// every thread, and only with transactions of that environment: others trap.
public struct Database<Key: DatabaseKey>: Sendable {
  @usableFromInline let reference: DatabaseReference

  init(_ reference: DatabaseReference) {
    self.reference = reference
  }
}

/// A database without its kind of key.
@usableFromInline struct DatabaseReference: Sendable {
  /// LMDB's number for it, valid in this environment only.
  let number: UInt32

  /// The environment's identity, as a number: with an `ObjectIdentifier` in here, optimised builds of Swift 6.3.1
  /// disagree between modules about what a `nil` of `Database<Key>?` looks like.
  let environment: UInt

  init(number: UInt32, environment: Environment) {
    self.number = number
    self.environment = Self.identity(of: environment)
  }

  static func identity(of environment: Environment) -> UInt { UInt(bitPattern: ObjectIdentifier(environment)) }
}
