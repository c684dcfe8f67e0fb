import Foundation

/// What a process did to the disk, in order; the format is described in `FaultInjector.h`.
struct Trace {
  enum Call {
    /// The bytes were flushed with it or not.
    case write(path: String, offset: Int, bytes: [UInt8], isFlushed: Bool)
    case truncate(path: String, size: Int)
    /// Of a file or of a folder.
    case flush(path: String)
    /// The error has been told, and will not be told again.
    case failedFlush(path: String)
    case create(path: String)
    case createFolder(path: String)
    case rename(from: String, to: String)
    case unlink(path: String)
    case acknowledge(Acknowledgement)
  }

  var calls: [Call] = []

  init(_ calls: [Call]) { self.calls = calls }

  init(readingFrom path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    var offset = 0
    func integer<T: FixedWidthInteger>(_ type: T.Type) -> T {
      defer { offset += MemoryLayout<T>.size }
      return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
    func take(_ count: Int) -> ArraySlice<UInt8> {
      defer { offset += count }
      return bytes[offset..<offset + count]
    }
    while offset < bytes.count {
      let kind = Character(UnicodeScalar(integer(UInt32.self))!)
      let isFlushed = integer(UInt32.self) == 1
      let place = Int(truncatingIfNeeded: integer(UInt64.self))
      let (pathBytes, dataBytes) = (Int(integer(UInt32.self)), Int(integer(UInt32.self)))
      let path = String(decoding: take(pathBytes), as: UTF8.self)
      let data = Array(take(dataBytes))
      switch kind {
      case "W": calls.append(.write(path: path, offset: place, bytes: data, isFlushed: isFlushed))
      case "T": calls.append(.truncate(path: path, size: place))
      case "F": calls.append(.flush(path: path))
      case "X": calls.append(.failedFlush(path: path))
      case "C": calls.append(.create(path: path))
      case "D": calls.append(.createFolder(path: path))
      case "R": calls.append(.rename(from: path, to: String(decoding: data, as: UTF8.self)))
      case "U": calls.append(.unlink(path: path))
      case "A":
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
          guard let acknowledgement = Acknowledgement(String(line)) else { throw Unexpected("said: \(line)") }
          calls.append(.acknowledge(acknowledgement))
        }
      default: throw Unexpected("a record of kind \(kind)")
      }
    }
  }

  /// The last acknowledgement before a call, and the first from it on.
  func acknowledgements(around cut: Int) -> (before: Acknowledgement?, after: Acknowledgement?) {
    func only(_ call: Call) -> Acknowledgement? {
      if case .acknowledge(let acknowledgement) = call { acknowledgement } else { nil }
    }
    return (calls[..<cut].reversed().lazy.compactMap(only).first, calls[cut...].lazy.compactMap(only).first)
  }
}

/// `{"position":20,"line":25}`: everything up to that input line is durable.
struct Acknowledgement: Equatable {
  var position: Int
  var line: Int

  init(position: Int, line: Int) { (self.position, self.line) = (position, line) }

  init?(_ text: String) {
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    guard text.hasPrefix("{\"position\":"), text.hasSuffix("}"), numbers.count == 2 else { return nil }
    (position, line) = (numbers[0], numbers[1])
  }
}
