import Foundation
import Testing

@testable import RapportLedger

@Suite struct UUIDv7Tests {
  @Test func `has the layout of RFC 9562`() {
    // The example of its appendix A.6.
    let text = UUIDv7.text(milliseconds: 0x017F_22E2_79B0, random: (0xCC3, 0x18C4_DC0C_0C07_398F))
    #expect(String(decoding: text, as: UTF8.self) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
  }

  @Test func `later ids sort after earlier ones and no two are equal`() {
    var generator = SeededGenerator(state: 3)
    let texts = (0..<1000).map { index in
      String(decoding: UUIDv7.text(milliseconds: 1_700_000_000_000 + Int64(index), using: &generator), as: UTF8.self)
    }
    #expect(texts == texts.sorted())
    #expect(Set(texts).count == texts.count)
    for text in texts {
      let bytes = UUID(uuidString: text)?.uuid
      #expect(bytes.map { $0.6 >> 4 } == 7)
      #expect(bytes.map { $0.8 >> 6 } == 2)
    }
  }
}
