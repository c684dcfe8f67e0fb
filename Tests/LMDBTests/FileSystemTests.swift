import LMDB
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where an environment can be, and where not.
@Suite struct FileSystemTests {
  @Test(
    arguments: [
      (0x6969, "NFS"), (0xFF53_4D42, "CIFS (SMB)"), (0xFE53_4D42, "SMB2"), (0x0102_1997, "9P"), (0x6573_5546, "FUSE"),
      (0x00C3_6400, "Ceph"), (0x0BD0_0BD0, "Lustre"),
    ] as [(UInt32, String)])
  func networkFileSystemsAreRefused(type: UInt32, name: String) {
    #expect(FileSystem(type: type).kind == .unsuitable(name))
  }

  /// ext4, XFS, Btrfs, ZFS, tmpfs, F2FS.
  @Test(arguments: [0xEF53, 0x5846_5342, 0x9123_683E, 0x2FC1_2FC1, 0x0102_1994, 0xF2F5_2010] as [UInt32])
  func disksAndMemoryAreNot(type: UInt32) {
    #expect(FileSystem(type: type).kind == .local)
  }

  @Test func anOverlayIsRefusedOnlyIfItFlushesNothing() {
    let overlay: UInt32 = 0x794C_7630
    let options = "rw,lowerdir=/volatile,upperdir=/u,workdir=/w"
    #expect(FileSystem(type: overlay) { options }.kind == .overlay)
    for volatile in [",volatile", ",fsync=volatile", ",volatile,uuid=on"] {
      let kind = FileSystem(type: overlay) { options + volatile }.kind
      #expect(kind == .unsuitable("an overlay that was mounted with \"volatile\""))
    }
  }

  @Test func theSystemIsAskedOfTheDirectoryOrOfTheOneItWouldBeIn() {
    let directory = TemporaryDirectory()
    #expect(FileSystem.of(directory.path) != nil)
    #expect(FileSystem.of(directory.environment) == FileSystem.of(directory.path))
    #if os(Linux)
      #expect(FileSystem.of("/dev/shm/none")?.kind == .local)
    #endif
  }

  @Test func refusingCreatesNothingAndSaysWhy() {
    let directory = TemporaryDirectory()
    let options = Environment.Options(
      access: .readWrite, mapBytes: 1 << 24, fileSystem: FileSystem(.unsuitable("NFS")))
    let error = failure { () throws(LMDBError) in _ = try Environment(at: directory.environment, options: options) }
    #expect(error?.isUnsuitable == true)
    #expect(error?.description.contains("NFS") == true)
    #expect(error?.path == directory.environment)
    #expect(unsafe access(directory.environment, F_OK) != 0)
  }

  @Test func anEnvironmentOnAnOverlayWorksLikeAnyOther() throws {
    let directory = TemporaryDirectory()
    for value: UInt8 in 1...3 {
      let options = Environment.Options(
        access: value == 3 ? .readOnly : .readWrite, mapBytes: 1 << 24, fileSystem: FileSystem(.overlay))
      let environment = try Environment(at: directory.environment, options: options)
      let numbers = try environment.openDatabase(named: "numbers", keys: UInt64.self, create: value < 3)!
      if value < 3 {
        var transaction = try environment.write()
        try transaction.put(1, [value], in: numbers)
        try transaction.commit()
      }
      let reading = try environment.read()
      #expect(try array(reading.get(1, in: numbers)) == [min(value, 2)])
    }
  }
}
