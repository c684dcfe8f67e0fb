import RapportLedger

/// What `rapport status` shows.
enum StatusPage {
  static func page(of status: LedgerStatus, path: String) -> Page {
    let json = status.json
    var page = Page(
      "ledger", Rich(path, .bold),
      aside: Rich.joined(
        [Rich("format \(json["format"]?.int ?? 0)"), Rich("LMDB \(json["lmdb"]?.string ?? "")")], Rich(", ")
      ).styled(.dim))
    var position = [Rich(Human.count(status.position))]
    if let last = status.lastRecorded {
      position.append(Rich("last recorded \(Human.time(last)) (\(Human.age(last, at: Clock.now)))", .dim))
    }
    page.add("position", position)
    page.add("events", Rich(Human.count(status.events)))
    page.add("customers", Rich(Human.count(status.customers)))
    page.add("full segments", Rich(Human.count(status.segments)))
    var bytes = [Rich("log ", .dim) + Rich(Human.bytes(status.bytesLog))]
    if status.events > 0 {
      bytes[0] += Rich(
        " (\(Human.decimal(Double(status.bytesLog) / Double(status.events), places: 1)) B an event)", .dim)
    }
    bytes.append(Rich("index ", .dim) + Rich(Human.bytes(status.bytesIndex)))
    bytes.append(Rich("views ", .dim) + Rich(Human.bytes(status.bytesViews)))
    page.add("bytes", bytes)
    page.add("stored views", storedViews(status))
    page.add(
      "readers",
      status.readers.map { reader in
        Rich("pid \(reader.pid)")
          + (reader.lag == 0 ? Rich() : Rich(" \(Human.count(reader.lag, "position")) behind", .warning))
      })
    return page
  }

  /// Views that are equally far, named together; all of them by their number.
  private static func storedViews(_ status: LedgerStatus) -> [Rich] {
    let lags = Dictionary(grouping: status.views) { status.position - min($0.position, status.position) }
    return lags.sorted { $0.key < $1.key }.map { lag, views in
      let names = lags.count == 1 ? "all \(views.count)" : views.map(\.view).joined(separator: ", ")
      return Rich(names + " ", .dim)
        + (lag == 0 ? Rich("up to date", .good) : Rich("\(Human.count(lag, "event")) behind", .warning))
    }
  }

  /// Events by type, a row each.
  static func types(of status: LedgerStatus) -> Table {
    var table = Table([.init("type"), .init("events", isRight: true)])
    for (type, count) in status.types { table.append([Rich(type), Rich("\(count)")]) }
    return table
  }

  /// The same for a terminal: the most frequent first, down and then to the right, as many columns as fit.
  static func typeColumns(of status: LedgerStatus, columns: Int) -> [Rich] {
    let types = status.types.sorted { ($1.count, $0.type) < ($0.count, $1.type) }
    let counts = types.reduce(0) { max($0, Human.count($1.count).count) }
    let cells = types.map {
      Rich(Human.count($0.count)).padded(to: counts, right: true) + Rich(" ") + Rich($0.type, .dim)
    }
    let width = cells.reduce(0) { max($0, $1.width) } + 3
    let across = max(1, (columns + 3) / width)
    let down = (cells.count + across - 1) / across
    return (0..<down).map { row in
      stride(from: row, to: cells.count, by: down).reduce(Rich()) { line, index in
        line + (index + down < cells.count ? cells[index].padded(to: width) : cells[index])
      }
    }
  }
}
