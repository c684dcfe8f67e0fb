import RapportLedger

/// What a replay came to.
enum ReplayPage {
  static func table(of report: ReplayReport, isTerminal: Bool) -> Table {
    var table = Table([
      .init("view"), .init("version", isRight: true), .init("digest"), .init("customers", isRight: true),
    ])
    for view in report.views {
      table.append([
        Rich(view.view), Rich("\(view.version)"), Rich(view.digest.description),
        Rich(isTerminal ? Human.count(view.customers) : "\(view.customers)"),
      ])
    }
    return table
  }

  static func summary(of report: ReplayReport) -> Rich {
    let threads = Human.count(report.threads, "thread")
    let events = Human.count(report.events, "event")
    let rate = Human.rate(report.eventsPerSecond)
    return Rich("\(events) replayed in \(Human.duration(report.seconds)) on \(threads): \(rate)", .dim)
  }
}
