import Foundation

/// A file system in memory that is full soon.
///
/// It is mounted if this process may mount; else in a namespace of its own, where it is reached through the process that
/// lives in it.
final class SmallDisk: Sendable {
  enum Way: Sendable, CaseIterable { case mount, namespace }

  /// How a small file system can be had here.
  static let ways: [Way] = {
    let ways = Way.allCases.filter { (try? SmallDisk(bytes: 1 << 20, way: $0)) != nil }
    if ways.isEmpty { print("No small file system can be mounted here: the tests of full disks are skipped.") }
    return ways
  }()

  /// Where it is reached.
  let path: String
  private let folder: Scratch
  private let way: Way
  private let keeper: Keeper?

  /// The process in whose namespace it is mounted; it lives until its input ends.
  private final class Keeper: @unchecked Sendable {
    let process = Process()
    let input = Pipe()
  }

  init(bytes: Int, way: Way) throws {
    self.way = way
    folder = try Scratch()
    let mount = "mount -t tmpfs -o size=\(bytes) none '\(folder.path)'"
    switch way {
    case .mount:
      guard try Self.shell(mount) else { throw Unexpected("cannot mount") }
      (path, keeper) = (folder.path, nil)
    case .namespace:
      let keeper = Keeper()
      let output = Pipe()
      keeper.process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
      keeper.process.arguments = ["-rm", "/bin/sh", "-c", "\(mount) && echo mounted && exec cat"]
      (keeper.process.standardInput, keeper.process.standardOutput) = (keeper.input, output)
      keeper.process.standardError = FileHandle.nullDevice
      try keeper.process.run()
      guard output.fileHandleForReading.availableData == Data("mounted\n".utf8) else {
        throw Unexpected("cannot mount in a namespace")
      }
      path = "/proc/\(keeper.process.processIdentifier)/root\(folder.path)"
      self.keeper = keeper
    }
  }

  deinit {
    if let keeper {
      try? keeper.input.fileHandleForWriting.close()
      keeper.process.waitUntilExit()
    } else if way == .mount {
      _ = try? Self.shell("umount -l '\(folder.path)'")
    }
  }

  private static func shell(_ command: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  var ledger: String { path + "/ledger" }
  private var ballast: String { path + "/ballast" }

  /// Takes all room but some bytes.
  func fill(leaving bytes: Int) throws {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw Unexpected("no free space known") }
    let free = Int(status.f_bavail) * Int(status.f_bsize)
    guard free > bytes else { return }
    // No child may inherit the file: it would keep the room.
    let file = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0, posix_fallocate(file, 0, free - bytes) == 0 else { throw Unexpected("no ballast") }
    close(file)
  }

  func makeRoom() throws { try FileManager.default.removeItem(atPath: ballast) }
}
