import Testing

/// A proof that cannot fail proves nothing: each of these breaks the program's order of flushes and acknowledgements in
/// the recording, and wants to be caught.
@Suite("Broken on purpose")
struct BrokenOnPurposeTests {
  /// What is found among so many images, and how many it was found in.
  private static func caught(_ recorded: Recorded, _ change: @escaping (Trace) -> Trace) -> [String] {
    let cut = PowerCut(recorded, breaking: change)
    return findings(0..<cut.trace.calls.count) { try cut.violations(number: $0) }
  }

  @Test("without flushes the loss of what was acknowledged is found")
  func noFlush() throws {
    let found = Self.caught(try PowerCutTests.creation.get()) { trace in
      Trace(
        trace.calls.compactMap { call in
          switch call {
          case .flush(let path) where path.contains("."): nil
          case .write(let path, let offset, let bytes, _):
            .write(path: path, offset: offset, bytes: bytes, isFlushed: false)
          default: call
          }
        })
    }
    #expect(found.contains { $0.contains("P1") || $0.contains("P4") }, "\(found.prefix(3))")
  }

  @Test("without the first of the two flushes of a commit, pages that are missing are found")
  func noFlushOfPages() throws {
    let found = Self.caught(try PowerCutTests.growth.get()) { trace in
      Trace(trace.calls.filter { if case .flush(let path) = $0 { !path.hasSuffix("log/data.mdb") } else { true } })
    }
    #expect(found.contains { $0.contains("P4") }, "\(found.prefix(3))")
  }

  @Test("an acknowledgement before its commit is found")
  func acknowledgedTooEarly() throws {
    let found = Self.caught(try PowerCutTests.growth.get()) { trace in
      // Each acknowledgement changes places with the flush of the meta page before it.
      var calls = trace.calls
      var commit = 0
      for index in calls.indices {
        switch calls[index] {
        case .write(let path, _, _, true) where path.hasSuffix("log/data.mdb"): commit = index
        case .acknowledge: calls.insert(calls.remove(at: index), at: commit)
        default: break
        }
      }
      return Trace(calls)
    }
    #expect(found.contains { $0.contains("P1") }, "\(found.prefix(3))")
  }

  @Test("without the flush of folders, names that are missing are found")
  func noFlushOfFolders() throws {
    let found = Self.caught(try PowerCutTests.creation.get()) { trace in
      Trace(
        trace.calls.filter { call in
          guard case .flush(let path) = call else { return true }
          return path.hasSuffix(".mdb") || path.hasSuffix(".new") || path.hasSuffix(".key") || path.hasSuffix(".ndjson")
        })
    }
    #expect(found.contains { $0.contains("P1") }, "\(found.prefix(3))")
  }
}
