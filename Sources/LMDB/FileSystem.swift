import CLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What an environment's directory stands on.
///
/// LMDB needs three things of a file system: that what one process writes is at once in the memory maps of the others,
/// that locks hold across all processes that see the file, and that a flush reaches the disk. Network file systems give
/// the first two to the processes of one machine at best, so they are refused, and with them whatever a user process
/// serves (FUSE), of which nobody knows.
///
/// An overlay (the root of most containers) gives all three, with two exceptions that are dealt with:
///
/// - A file of a lower layer is copied up when it is first opened for writing. Who opened it for reading before keeps
///   the old file, and sees nothing of what is written later. So every environment opens its data file for writing
///   once, before LMDB opens it (`Environment.open`): from then on there is one file.
/// - Mounted with `volatile`, it flushes nothing. Then nothing that is acknowledged is durable, and it is refused.
public struct FileSystem: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A file system on a disk or in memory, of this machine.
    case local
    /// Layers, the top one of which takes what is written.
    case overlay
    /// Refused, by its usual name.
    case unsuitable(String)
  }

  public let kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  /// - Parameters:
  ///   - type: `f_type` of `statfs(2)`.
  ///   - mountOptions: of the mount, where it is an overlay.
  public init(type: UInt32, mountOptions: () -> String = { "" }) {
    if type == Self.overlayType {
      // Newer kernels write it the second way.
      let options = mountOptions().split(separator: ",")
      let isVolatile = options.contains("volatile") || options.contains("fsync=volatile")
      kind = isVolatile ? .unsuitable("an overlay that was mounted with \"volatile\"") : .overlay
    } else if let name = Self.unsuitableTypes[type] {
      kind = .unsuitable(name)
    } else {
      kind = .local
    }
  }

  // From <linux/magic.h> and the sources of the file systems.
  private static let overlayType: UInt32 = 0x794C_7630
  private static let unsuitableTypes: [UInt32: String] = [
    0x0000_6969: "NFS", 0xFF53_4D42: "CIFS (SMB)", 0xFE53_4D42: "SMB2", 0x0000_517B: "SMB", 0x0102_1997: "9P",
    0x6573_5546: "FUSE", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
    0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS", 0x0116_1970: "GFS2", 0x7461_636F: "OCFS2", 0x1983_0326: "BeeGFS",
    0x2003_0528: "OrangeFS", 0xAAD7_AAEA: "PanFS", 0x0000_564C: "NCP", 0x786F_4256: "VirtualBox shared folders",
    0xBACB_ACBC: "VMware shared folders", 0x5346_4846: "WSL's Windows drives",
  ]

  #if os(Linux)
    /// The file system of a path, or of the folder that it would be made in.
    ///
    /// - Returns: nil if neither is there.
    public static func of(_ path: String) -> FileSystem? {
      for path in [path, path + "/..", parent(of: path)] {
        var status = statfs()
        guard unsafe statfs(path, &status) == 0 else { continue }
        return FileSystem(type: UInt32(truncatingIfNeeded: status.f_type)) { mountOptions(at: path) }
      }
      return nil
    }

    /// The options of the overlay that a path is on; empty if that cannot be told.
    ///
    /// A line of `mountinfo`: `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`; the third
    /// field is the device, the last one has the options of the file system.
    private static func mountOptions(at path: String) -> String {
      var status = stat()
      guard unsafe stat(path, &status) == 0,
        let file = try? Descriptor("open", "/proc/self/mountinfo", flags: O_RDONLY),
        let bytes = try? file.readToEnd("open")
      else { return "" }
      // As <sys/sysmacros.h> takes a device number apart.
      let number = UInt64(status.st_dev)
      let device =
        "\(number >> 8 & 0xFFF | number >> 32 & ~0xFFF):\(number & 0xFF | number >> 12 & ~0xFF & 0xFFFF_FFFF)"
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.count > 3, fields[2] == device, fields.contains("overlay") { return String(fields[fields.count - 1]) }
      }
      return ""
    }
  #else
    /// Not told from others on this system.
    public static func of(_ path: String) -> FileSystem? { FileSystem(.local) }
  #endif

  /// - Throws: `.unsuitable` if the file system of a path cannot keep an environment.
  public static func check(_ path: String, _ fileSystem: FileSystem? = nil) throws(LMDBError) {
    if case .unsuitable(let name) = (fileSystem ?? of(path))?.kind {
      throw LMDBError(.unsuitable(fileSystem: name), "open", path)
    }
  }

  /// LMDB calls a write that was cut short an input/output error, though what cuts it short is a disk that is full.
  static func cause(ofFailedWrite status: Int32, at path: String) -> Int32 {
    var room = statvfs()
    guard status == EIO, unsafe statvfs(path, &room) == 0 else { return status }
    return UInt64(room.f_bavail) * UInt64(room.f_frsize) < 1 << 20 ? ENOSPC : status
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
