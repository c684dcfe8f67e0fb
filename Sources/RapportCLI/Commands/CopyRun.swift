import RapportLedger

/// What `backup` and `restore` have in common: copy, verify, give the name, and say what came of it. Signals that were
/// deferred end it between any two steps and during the long ones, and nothing is left behind.
struct CopyRun {
  private let staged: StagedDirectory
  private let copy: LogCopy
  private let display: DisplayOptions

  init(in staged: StagedDirectory, _ display: DisplayOptions) throws {
    self.staged = staged
    self.display = display
    copy = LogCopy(in: staged.path)
  }

  /// Makes the copy on a thread, with progress on a terminal.
  ///
  /// - Parameter total: about how many bytes it will have.
  func make(total: UInt64?, _ body: @escaping @Sendable (LogCopy) throws -> Void) throws {
    let progress = display.quiet ? nil : ProgressLine.onTerminal(total: total, noColor: display.noColor)
    defer { progress?.clear() }
    // The thread must not keep the directory: it may be left running when a signal comes.
    try System.watching { [copy] in
      try body(copy)
    } tick: {
      let done = copy.byteCount
      progress?.update(done) { "\(Human.bytes(done)) copied" }
    }
  }

  /// Verifies the copy in a child, and gives it its name if it is sound.
  func complete(against digest: LogDigest? = nil, damageHint: String) throws -> Verification {
    let verification = try VerificationReport.ofChild(path: staged.path, against: digest, display)
    guard verification.isSound else {
      let found = verification.damage.first.map(String.init) ?? "damaged"
      throw Failure(.damaged, "the copy is \(found); it was not kept: \(damageHint)")
    }
    try copy.finish(sealedEvents: verification.sealedEvents)
    try System.checkSignals()
    try staged.complete(flushing: ["log"])
    return verification
  }

  /// - Parameter what: what was made.
  func report(_ verification: Verification, _ what: String, json: Bool) throws {
    let bytes = LogCopy(in: staged.destination).byteCount
    try Output.run(noColor: display.noColor) { output in
      if json {
        return try output.json(
          .members([
            what: .string(staged.destination), "position": .int(Int(verification.position)),
            "digest": .string(verification.digest?.root.description), "bytes": .int(Int(bytes)),
            "sealed_events": .int(verification.sealedEvents), "keys": .bool(false),
          ]))
      }
      var page = Page(what, Rich(staged.destination, .bold))
      page.add("verified", Rich("sound", .good))
      page.add("position", Rich(Human.count(verification.position)))
      page.add("digest", Rich(verification.digest?.description ?? ""))
      page.add("bytes", Rich(Human.bytes(bytes)))
      page.add("keys", keys(verification, isBackup: what == "backup"))
      try output.page(page)
    }
  }

  private func keys(_ verification: Verification, isBackup: Bool) -> Rich {
    guard verification.sealedEvents > 0 else { return Rich("none, and none are needed: nothing is sealed") }
    let events = Human.count(verification.sealedEvents, "event")
    return Rich(
      isBackup
        ? "none: the personal fields of \(events) stay sealed in it. `rapport keys export FILE` carries the keys"
        : "none yet: the personal fields of \(events) stay sealed until `rapport keys import FILE`", .warning)
  }
}
