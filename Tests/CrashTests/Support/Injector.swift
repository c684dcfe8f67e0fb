import Foundation

/// The environment that puts the fault injector between `rapport` and the kernel; see `FaultInjector.h`.
enum Injector {
  enum Failure: String, CaseIterable {
    case noSpace = "ENOSPC"
    case inputOutput = "EIO"
    case interrupted = "EINTR"
    case short = "SHORT"
  }

  /// Records every call below a folder.
  static func recording(_ folder: String, to trace: String) -> [String: String] {
    base(folder).merging(["RAPPORT_INJECTOR_TRACE": trace]) { $1 }
  }

  /// Lets a call below a folder fail, numbered from 1, and with `lasting` all after it.
  static func failing(
    _ folder: String, call: Int, _ failure: Failure, lasting: Bool = false, log: String
  ) -> [String: String] {
    var environment = base(folder)
    environment["RAPPORT_INJECTOR_CALL"] = "\(call)"
    environment["RAPPORT_INJECTOR_ERROR"] = failure.rawValue
    environment["RAPPORT_INJECTOR_LOG"] = log
    if lasting { environment["RAPPORT_INJECTOR_LASTS"] = "1" }
    return environment
  }

  private static func base(_ folder: String) -> [String: String] {
    ["LD_PRELOAD": Child.built("libFaultInjector.so"), "RAPPORT_INJECTOR_ROOT": folder]
  }
}
