/// Why something with a ledger did not work: what, where, and what to do.
public enum LedgerError: Error, Sendable, CustomStringConvertible {
  /// There is no ledger at the path.
  case absent(path: String)
  /// A file or a folder that is to be made anew cannot be.
  case cannotCreate(path: String, why: String)
  /// The keys of a restored ledger have not been brought yet, and one of them is needed.
  case keysMissing(ledger: String)
  /// The path exists and cannot be a ledger.
  case notALedger(path: String, why: String)
  /// A newer Rapport wrote it.
  case newerFormat(found: Int, known: Int)
  /// What was read is not what was written.
  case damaged(Damage)
  /// Another writer did not let go in time.
  case busy(pid: Int32?, waited: Duration)
  /// No permission.
  case forbidden(path: String, why: String)
  /// It was asked to end before it was done; nothing was changed.
  case interrupted
  /// The disk is full, or reading or writing failed.
  case inputOutput(path: String, why: String)
  /// A file or folder that was named is not there, or is something else.
  case noSuchFile(path: String, why: String)
  /// The master key is missing, or is another one.
  case noMasterKey(String)
  /// No customer of that id.
  case noSuchCustomer(String)
  /// No view of that name.
  case noSuchView(String)
  /// An event that cannot be recorded.
  case rejected(field: String?, reason: String)
  /// An argument of the library or the command line that makes no sense.
  case invalid(String)

  public var description: String {
    switch self {
    case .absent(let path):
      "there is no ledger at \(path); `rapport ingest` makes one, `--ledger DIR` or RAPPORT_LEDGER names another"
    case .cannotCreate(let path, let why): "cannot create \(path): \(why)"
    case .keysMissing(let ledger):
      "this copy of a ledger came without its keys, and new ones would not open what the old ones sealed: bring them with `rapport keys import FILE`. If they are lost, remove \(ledger)/\(KeyRing.absenceNote), and what is sealed stays so"
    case .notALedger(let path, let why): "\(path) cannot be a ledger: \(why)"
    case .newerFormat(let found, let known):
      "the ledger has format \(found), this rapport knows format \(known): use the rapport that wrote it"
    case .damaged(let damage):
      "the ledger is \(damage); nothing was read past it. Restore a backup, or feed the sources again"
    case .busy(let pid, let waited):
      "another writer\(pid.map { " (pid \($0))" } ?? "") kept the ledger for longer than \(waited.shortText); try again, or wait longer with --wait"
    case .forbidden(let path, let why): "no permission for \(path): \(why)"
    case .interrupted: "interrupted; nothing was changed, run the same command again"
    case .inputOutput(path: "standard input", let why): "standard input: \(why)"
    case .inputOutput(let path, let why):
      "\(path): \(why). What was acknowledged is safe; make room or mend the disk and run the same command again"
    case .noSuchFile(let path, let why): "\(path): \(why)"
    case .noMasterKey(let why): why
    case .noSuchCustomer(let id): "no customer “\(id)” in this ledger"
    case .noSuchView(let name): "no view “\(name)”; `rapport view` lists them all"
    case .rejected(let field, let reason): (field.map { "\($0): " } ?? "") + reason
    case .invalid(let why): why
    }
  }
}

extension Duration {
  /// `1.5 s`, `20 ms`.
  var shortText: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}
