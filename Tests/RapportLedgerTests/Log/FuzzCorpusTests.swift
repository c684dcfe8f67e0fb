import Foundation
import Testing

@testable import RapportLedger

/// The seeds of the fuzzer, each as it is and changed in many places, through the functions that the fuzzer feeds.
///
/// `RAPPORT_UPDATE_CORPUS=1 swift test --filter FuzzCorpus` makes the blocks anew, after a change of the format, from the
/// events of the other corpus.
@Suite("Fuzz corpus")
struct FuzzCorpusTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus")

  private func seeds(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let folder = Self.folder.appendingPathComponent(target.rawValue)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      ($0, [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))))
    }
  }

  private func updateBlocks() throws {
    let folder = Self.folder.appendingPathComponent(FuzzTarget.blocks.rawValue)
    let keys = try TestLedger()
    for (name, bytes) in try seeds(.lines) {
      let box = FuzzTarget.parsed(bytes)
      guard box.value.count > 0 else { continue }
      var sealer = Sealer(keys.ledger.keyRing)
      try sealer.seal(&box.value)
      let file = name.replacingOccurrences(of: ".ndjson", with: ".block")
      try Data(FuzzTarget.build(box)).write(to: folder.appendingPathComponent(file))
    }
  }

  @Test("every seed goes through, and nearly all have something to accept", arguments: FuzzTarget.allCases)
  func seeds(target: FuzzTarget) throws {
    if target == .blocks, ProcessInfo.processInfo.environment["RAPPORT_UPDATE_CORPUS"] != nil { try updateBlocks() }
    let seeds = try seeds(target)
    #expect(seeds.count >= 4)
    for seed in seeds {
      let isAccepted = target.run(seed.bytes)
      #expect(isAccepted != seed.name.contains("refused"), "\(seed.name): is the corpus of an older format?")
    }
  }

  @Test("a seed with a changed byte, a missing one or one too many ends nothing", arguments: FuzzTarget.allCases)
  func changed(target: FuzzTarget) throws {
    var random = SeededGenerator(state: 3)
    for seed in try seeds(target) where !seed.bytes.isEmpty {
      for round in 0..<60 {
        var bytes = seed.bytes
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch round % 3 {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + round))
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
        target.run(bytes)
      }
    }
  }
}
