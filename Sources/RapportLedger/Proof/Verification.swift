/// What a verification found.
public struct Verification: Sendable {
  /// The last position of the log.
  public var position: UInt64 = 0
  /// The digest, recomputed from every event; nil where damage leaves none.
  public var digest: LogDigest?
  /// Events that were read and hashed.
  public var checkedEvents = 0
  /// Those of them that have sealed fields.
  public var sealedEvents = 0
  /// The first damage of each kind, in order of position.
  public private(set) var damage: [Damage] = []

  public init() {}

  /// Nothing is damaged, and the log extends the digest that it was compared with.
  public var isSound: Bool { damage.isEmpty }

  /// Notes damage; of each kind the one with the lowest position is kept.
  public mutating func note(_ found: Damage) {
    if let index = damage.firstIndex(where: { $0.kind == found.kind }) {
      if found.position < damage[index].position { damage[index] = found }
    } else {
      damage.append(found)
    }
    damage.sort { ($0.position, $0.kind.rawValue) < ($1.position, $1.kind.rawValue) }
  }

  public var json: JSONValue {
    .members([
      "ok": .bool(isSound), "position": .int(Int(position)), "digest": .string(digest?.root.description),
      "checked_events": .int(checkedEvents),
      "damage": .array(
        damage.map {
          .members([
            "kind": .string($0.kind.rawValue), "position": .int(Int($0.position)), "detail": .string($0.detail),
          ])
        }),
    ])
  }
}

/// What a verification is doing: for progress, and to name the place if the process dies of a damaged page.
public enum VerificationStep: Sendable, Equatable {
  /// The log ends at this position.
  case listed(position: UInt64)
  /// Reads the block with these positions; steps of several threads mix.
  case began(first: UInt64, last: UInt64)
  case finished(first: UInt64, last: UInt64)
  case found(Damage)
}

extension Ledger {
  /// Verifies a ledger that may be too damaged to be opened: what is wrong with the pages of its file is noted, and then
  /// everything else that can be found is looked for all the same.
  ///
  /// So on a damaged file this is even more likely to end the process than ``verify(against:threads:onStep:)``.
  public static func verify(
    at path: String, masterKeyPath: String? = nil, against digest: LogDigest? = nil, threads: Int = Replay.processors,
    onStep: @escaping @Sendable (VerificationStep) -> Void = { _ in }
  ) throws -> Verification {
    let ledger: Ledger
    do throws(LedgerError) {
      ledger = try Ledger(at: path, for: .reading, masterKeyPath: masterKeyPath, refusesUnsoundPages: false)
    } catch {
      guard case .damaged(let damage) = error else { throw error }
      var verification = Verification()
      verification.note(damage)
      onStep(.found(damage))
      return verification
    }
    return try ledger.verify(against: digest, threads: threads, onStep: onStep)
  }

  /// Reads everything and says what is not as it was written: pages, headers, checksums, positions, orders, texts,
  /// fingerprints, that no event is there twice, times, roots, stored views, and last the digest of the whole.
  ///
  /// LMDB trusts its pages, so on a damaged file this may end the process by a signal: run it in a child, and take the
  /// steps that it told for the place.
  ///
  /// - Parameters:
  ///   - digest: proves that the log extends what it was when this digest was taken.
  ///   - onStep: called from any thread.
  /// - Throws: ``LedgerError`` for what is no damage: a newer format, no permission. Damage is part of the result.
  /// - Complexity: O(bytes), a bit more than a microsecond an event and thread.
  public func verify(
    against digest: LogDigest? = nil, threads: Int = Replay.processors,
    onStep: @escaping @Sendable (VerificationStep) -> Void = { _ in }
  ) throws -> Verification {
    var verifier = Verifier(self, against: digest, threads: threads, onStep: onStep)
    try verifier.run()
    return verifier.result
  }
}
