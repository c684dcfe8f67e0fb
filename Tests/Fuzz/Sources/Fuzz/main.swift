// libFuzzer on one of the targets: `Fuzz lines …` or `Fuzz blocks …`, the rest being libFuzzer's own arguments.

/// The fuzzer's loop, of LLVM's runtime without a `main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private func run(_ target: FuzzTarget, _ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

guard CommandLine.argc > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  fatalError("usage: Fuzz lines|blocks [libFuzzer's arguments]")
}
// The first argument that the fuzzer sees is the program's name.
var count = CommandLine.argc - 1
var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0]
let status =
  switch target {
  case .lines: runDriver(&count, &arguments) { run(.lines, $0, $1) }
  case .blocks: runDriver(&count, &arguments) { run(.blocks, $0, $1) }
  }
precondition(status == 0, "the fuzzer failed")
