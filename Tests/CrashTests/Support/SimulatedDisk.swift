import Foundation

/// What a disk may hold after a power cut.
///
/// The rules are those that POSIX leaves a program, and no more:
///
/// - what was written to a file before its last flush is there;
/// - of what was written since, every sector of 512 bytes is there or is not, whatever the order; the file is as long as
///   what arrived needs, or already as long as it was to be, with zeros;
/// - a write through an O_DSYNC descriptor is there when it has returned, but takes nothing else with it;
/// - a name that was created, renamed or removed since its folder was flushed is as before or as after;
/// - after a flush that failed, what it should have flushed may be lost whatever later flushes say, unless its page is
///   written again.
struct SimulatedDisk {
  private enum Node {
    case file(File)
    case folder(Folder)
  }

  fileprivate struct File {
    var durable: [UInt8]
    /// In order; what is certain stays here only behind something that is not.
    var changes: [(change: Change, state: State)] = []

    enum Change {
      case write(offset: Int, bytes: [UInt8])
      case truncate(size: Int)
    }
    enum State { case pending, durable, doomed }

    /// A page that is written again will be flushed as a whole, with what an earlier flush has failed to.
    mutating func spare(_ offset: Int, _ count: Int) {
      let pages = offset / 4096...max(offset, offset + count - 1) / 4096
      for index in changes.indices where changes[index].state == .doomed {
        guard case .write(let start, let bytes) = changes[index].change, !bytes.isEmpty else { continue }
        if pages.overlaps(start / 4096...(start + bytes.count - 1) / 4096) { changes[index].state = .pending }
      }
    }
  }

  private struct Folder {
    var durable: [String: Int] = [:]
    /// Names and what they lead to since; nil is nothing.
    var changes: [[String: Int?]] = []

    var live: [String: Int] {
      var names = durable
      for change in changes { Self.apply(change, to: &names) }
      return names
    }

    static func apply(_ change: [String: Int?], to names: inout [String: Int]) {
      for (name, node) in change { names[name] = node }
    }
  }

  private var nodes: [Node] = [.folder(Folder())]

  /// An empty folder, or everything below one, all of it certain.
  init(_ folder: String? = nil) throws {
    if let folder { try load(folder, into: 0) }
  }

  private mutating func load(_ path: String, into parent: Int) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
      let node =
        isFolder.boolValue
        ? Node.folder(Folder())
        : .file(File(durable: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))))
      nodes.append(node)
      let number = nodes.count - 1
      changeFolder(parent) { $0.durable[name] = number }
      if isFolder.boolValue { try load(path + "/" + name, into: number) }
    }
  }

  // MARK: Calls

  /// - Parameter isDone: false for a call that was under way when the power failed: nothing of it is certain.
  mutating func apply(_ call: Trace.Call, isDone: Bool = true) throws {
    switch call {
    case .write(let path, let offset, let bytes, let isFlushed):
      let state: File.State = isFlushed && isDone ? .durable : .pending
      try changeFile(path) { file in
        file.spare(offset, bytes.count)
        file.changes.append((.write(offset: offset, bytes: bytes), state))
      }
    case .truncate(let path, let size):
      try changeFile(path) { $0.changes.append((.truncate(size: size), .pending)) }
    case .flush(let path):
      if isDone { try flush(path) }
    case .failedFlush(let path):
      if case .file = nodes[try find(path)] {
        try changeFile(path) { file in
          for index in file.changes.indices where file.changes[index].state == .pending {
            file.changes[index].state = .doomed
          }
        }
      }
    case .create(let path):
      nodes.append(.file(File(durable: [])))
      try changeName(path, to: nodes.count - 1)
    case .createFolder(let path):
      nodes.append(.folder(Folder()))
      try changeName(path, to: nodes.count - 1)
    case .rename(let from, let to):
      let node = try find(from)
      let (oldParent, oldName) = try split(from)
      let (newParent, newName) = try split(to)
      if oldParent == newParent {
        changeFolder(newParent) { $0.changes.append([oldName: nil, newName: node]) }
      } else {
        changeFolder(newParent) { $0.changes.append([newName: node]) }
        changeFolder(oldParent) { $0.changes.append([oldName: nil]) }
      }
    case .unlink(let path): try changeName(path, to: nil)
    case .acknowledge: break
    }
  }

  private mutating func flush(_ path: String) throws {
    let number = try find(path)
    switch nodes[number] {
    case .folder(var folder):
      folder.durable = folder.live
      folder.changes = []
      nodes[number] = .folder(folder)
    case .file(var file):
      for index in file.changes.indices where file.changes[index].state == .pending {
        file.changes[index].state = .durable
      }
      while let first = file.changes.first, first.state == .durable {
        Self.apply(first.change, to: &file.durable) { _ in true }
        file.changes.removeFirst()
      }
      nodes[number] = .file(file)
    }
  }

  private mutating func changeFile(_ path: String, _ change: (inout File) -> Void) throws {
    let number = try find(path)
    guard case .file(var file) = nodes[number] else { throw Unexpected("\(path) is a folder") }
    nodes[number] = .folder(Folder())  // so that the file is not copied
    change(&file)
    nodes[number] = .file(file)
  }

  private mutating func changeFolder(_ number: Int, _ change: (inout Folder) -> Void) {
    guard case .folder(var folder) = nodes[number] else { preconditionFailure("a folder") }
    change(&folder)
    nodes[number] = .folder(folder)
  }

  private mutating func changeName(_ path: String, to node: Int?) throws {
    let (parent, name) = try split(path)
    changeFolder(parent) { $0.changes.append([name: node]) }
  }

  private func split(_ path: String) throws -> (parent: Int, name: String) {
    let names = path.split(separator: "/")
    return (try find(names.dropLast().joined(separator: "/")), String(names.last ?? ""))
  }

  private func find(_ path: String) throws -> Int {
    var node = 0
    for name in path.split(separator: "/") where name != "." {
      guard case .folder(let folder) = nodes[node], let next = folder.live[String(name)] else {
        throw Unexpected("nothing is at \(path)")
      }
      node = next
    }
    return node
  }

  // MARK: Images

  /// Writes what the disk may hold into an empty folder.
  func writeImage(to path: String, _ random: inout some RandomNumberGenerator) throws {
    try write(0, to: path, Loss.allCases.randomElement(using: &random)!, &random)
  }

  private func write(
    _ number: Int, to path: String, _ loss: Loss, _ random: inout some RandomNumberGenerator
  ) throws {
    switch nodes[number] {
    case .file(let file):
      let bytes = file.content(loss, &random)
      guard FileManager.default.createFile(atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
      else { throw Unexpected("cannot write \(path)") }
    case .folder(let folder):
      var names = folder.durable
      for change in folder.changes where loss.isThere(&random) { Folder.apply(change, to: &names) }
      if mkdir(path, 0o700) != 0, errno != EEXIST { throw Unexpected("cannot make \(path)") }
      for (name, node) in names.sorted(by: { $0.key < $1.key }) {
        try write(node, to: path + "/" + name, loss, &random)
      }
    }
  }

  /// How much of what is not certain is lost.
  enum Loss: CaseIterable {
    case nothing, everything, wholeWrites, pages, sectors, nearlyNothing

    func isThere(_ random: inout some RandomNumberGenerator) -> Bool {
      switch self {
      case .nothing: true
      case .everything: false
      case .nearlyNothing: Int.random(in: 0..<8, using: &random) > 0
      default: Bool.random(using: &random)
      }
    }

    /// Bytes that arrive or are lost together.
    var unit: Int {
      switch self {
      case .pages: 4096
      case .sectors, .nearlyNothing: 512
      default: .max
      }
    }
  }

  /// - Parameter isThere: asked once for every unit of a write.
  fileprivate static func apply(
    _ change: File.Change, to bytes: inout [UInt8], unit: Int = .max, _ isThere: (Int) -> Bool
  ) {
    switch change {
    case .truncate(let size):
      guard isThere(0) else { return }
      if size < bytes.count { bytes.removeLast(bytes.count - size) }
      if size > bytes.count { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
    case .write(let offset, let new):
      var start = 0
      while start < new.count {
        let end = unit == .max ? new.count : min(new.count, ((offset + start) / unit + 1) * unit - offset)
        if isThere(start) {
          if offset + end > bytes.count { bytes += [UInt8](repeating: 0, count: offset + end - bytes.count) }
          bytes.replaceSubrange(offset + start..<offset + end, with: new[start..<end])
        }
        start = end
      }
    }
  }
}

extension SimulatedDisk.File {
  fileprivate func content(_ loss: SimulatedDisk.Loss, _ random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes = durable
    // The file may have grown already, though what fills it has not arrived.
    let hasGrown = loss.isThere(&random)
    for (change, state) in changes {
      var generator = random
      let isCertain = state == .durable
      SimulatedDisk.apply(change, to: &bytes, unit: loss.unit) { _ in isCertain || loss.isThere(&generator) }
      random = generator
      if hasGrown, case .write(let offset, let new) = change, offset + new.count > bytes.count {
        bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
      }
    }
    return bytes
  }
}

/// SplitMix64: the same images on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
