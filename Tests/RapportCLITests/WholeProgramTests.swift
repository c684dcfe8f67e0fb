import Foundation
import Testing

/// What a shell sees: exit codes, streams, and segments that are sealed while events come in.
@Suite("The executable")
struct WholeProgramTests {
  @Test("two sealed segments and a tail give the same digests as the lines in reverse")
  func sealedSegments() throws {
    let folder = try TemporaryFolder()
    let events = try Executable.run(["generate", "--events", "135000", "--customers", "3000", "--seed", "5"]).output
    let forward = folder.path + "/forward"
    let backward = folder.path + "/backward"
    let recorded = try Executable.run(["ingest", "--json", "--ledger", forward], input: Data(events.utf8))
    #expect(recorded.status == 0)
    #expect(recorded.json["accepted"] as? Int == 135_000)
    let status = try Executable.run(["status", "--json", "--ledger", forward]).json
    #expect(status["segments"] as? Int == 2)
    let reversed = events.split(separator: "\n").reversed().joined(separator: "\n")
    _ = try Executable.run(["ingest", "--quiet", "--ledger", backward], input: Data(reversed.utf8))
    let digests = try [forward, backward].map { ledger in
      let report = try Executable.run(["replay", "--json", "--ledger", ledger]).json
      return try #require(report["views"] as? [[String: Any]]).map {
        "\($0["view"]!) \($0["digest"]!) \($0["customers"]!)"
      }
    }
    #expect(digests[0] == digests[1])
    #expect(digests[0].count >= 3)
  }

  @Test("a refused line exits with 65 and the rest is recorded")
  func refused() throws {
    let folder = try TemporaryFolder()
    let input = """
      {"specversion":"1.0","id":"1","source":"/t","type":"note.added","subject":"C1","data":{}}
      {"specversion":"1.0","id":"2","source":"/t","type":"order.placed","subject":"C1","data":{}}
      no JSON
      {"specversion":"1.0","id":"3","source":"/t","type":"note.added","subject":"C1","data":{}}

      """
    let result = try Executable.run(["ingest", "--json", "--ledger", folder.ledger], input: Data(input.utf8))
    #expect(result.status == 65)
    #expect(result.json["accepted"] as? Int == 2)
    #expect(result.json["rejected"] as? Int == 2)
    let rejects = try String(contentsOfFile: folder.ledger + "/rejects.ndjson", encoding: .utf8).split(separator: "\n")
    #expect(rejects.count == 2)
    #expect(rejects[0].contains(#""line":2"#) && rejects[0].contains(#""field":"data.order""#))
    #expect(rejects[1].contains(#""line":3"#) && rejects[1].contains("no JSON"))
  }

  /// Ctrl-C ends both sides of a pipe.
  @Test("a signal that comes as the input ends is no failure", arguments: [SIGINT, SIGTERM])
  func signalAtTheEnd(number: Int32) throws {
    let folder = try TemporaryFolder()
    for round in 0..<40 {
      let ledger = folder.path + "/\(round)"
      let ingest = try RunningExecutable(["ingest", "--ack", "--quiet", "--ledger", ledger])
      ingest.send(#"{"specversion":"1.0","id":"1","source":"/t","type":"note.added","subject":"C1","data":{}}"# + "\n")
      #expect(ingest.wait { ingest.printed.contains(#""position":1"#) })
      if round % 2 == 0 { ingest.closeInput() }
      ingest.interrupt(by: number)
      let result = ingest.finish()
      #expect(result.status == 0, "\(round): \(result.errors)")
    }
  }

  @Test("a ledger that is moved away ends ingest, and has what was acknowledged where it is")
  func movedAway() throws {
    let folder = try TemporaryFolder()
    let ingest = try RunningExecutable(["ingest", "--quiet", "--ack", "--ledger", folder.ledger])
    ingest.send(event(1, "message.received", "{}") + "\n")
    #expect(ingest.wait { ingest.printed.contains(#""position":1"#) })
    try FileManager.default.moveItem(atPath: folder.ledger, toPath: folder.path + "/moved")
    ingest.send(event(2, "message.received", "{}") + "\n")
    let result = ingest.finish()
    #expect(result.status == 74)
    #expect(result.errors.contains("it was moved or removed while it was in use"))
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
    let digest = try Executable.run(["digest", "--ledger", folder.path + "/moved"])
    #expect(digest.output.hasPrefix("1:"))
  }

  @Test("a rejects file that cannot be is said before anything is read", arguments: ["", "/nowhere/rejects.ndjson"])
  func impossibleRejects(name: String) throws {
    let folder = try TemporaryFolder()
    let result = try Executable.run(
      ["ingest", "--rejects", folder.path + name, "--ledger", folder.ledger],
      input: Data((event(1, "message.received", "{}") + "\n").utf8))
    #expect(result.status == 73 && result.errors.contains("cannot be the rejects file"))
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
  }

  @Test("a ledger without a name is a mistake of whoever calls")
  func emptyName() throws {
    let result = try Executable.run(["status", "--ledger", ""])
    #expect(result.status == 64 && result.errors.contains("--ledger is empty"))
  }

  @Test("a ledger that another has taken the place of gets nothing more, nor does the other", arguments: [true, false])
  func replaced(isKept: Bool) throws {
    let folder = try TemporaryFolder()
    let ingest = try RunningExecutable(["ingest", "--quiet", "--ack", "--ledger", folder.ledger])
    ingest.send(event(1, "message.received", "{}") + "\n")
    #expect(ingest.wait { ingest.printed.contains(#""position":1"#) })
    if isKept {
      try FileManager.default.moveItem(atPath: folder.ledger, toPath: folder.path + "/moved")
    } else {
      try FileManager.default.removeItem(atPath: folder.ledger)
    }
    try self.ingest([event(7, "message.received", "{}"), event(8, "message.received", "{}")], into: folder.ledger)
    ingest.send(event(2, "message.received", "{}") + "\n")
    let result = ingest.finish()
    #expect(result.status == 74 && result.errors.contains("it was moved or removed while it was in use"))
    #expect(!result.output.contains(#""line":2"#))
    for (path, count) in [(folder.ledger, 2), (folder.path + "/moved", 1)] where isKept || count == 2 {
      #expect(try Executable.run(["digest", "--ledger", path]).output.hasPrefix("\(count):"))
    }
  }

  @Test("a daemon that began with an empty ledger seals on where others made the first keys")
  func firstKeysOfOthers() throws {
    let folder = try TemporaryFolder()
    let (one, other) = (
      try RunningExecutable(["ingest", "--quiet", "--ack", "--ledger", folder.ledger]),
      try RunningExecutable(["ingest", "--quiet", "--ack", "--ledger", folder.ledger])
    )
    #expect(one.wait { FileManager.default.fileExists(atPath: folder.ledger + "/log/data.mdb") })
    for daemon in [one, other] {
      daemon.send("\n")
      #expect(daemon.wait { daemon.printed.contains(#""line":1"#) }, "it has opened the ledger")
    }
    try Executable.succeed(["record", "c1", "note.added", "text=first", "--ledger", folder.ledger])
    for (id, daemon) in [one, other, one].enumerated() {
      daemon.send(event(id, "note.added", #"{"text":"next \#(id)"}"#) + "\n")
      #expect(daemon.wait { daemon.printed.contains("\"position\":\(id + 2),") }, "\(daemon.complained)")
    }
    for daemon in [one, other] { #expect(daemon.finish().status == 0) }
    let log = try Executable.succeed(["log", "--ledger", folder.ledger]).output
    for text in ["first", "next 0", "next 1", "next 2"] { #expect(log.contains(#""text":"\#(text)""#)) }
    #expect(!FileManager.default.fileExists(atPath: folder.ledger + "/keys.missing"))
    try Executable.succeed(["verify", "--ledger", folder.ledger])
  }

  @Test("rejects go to a new file after SIGHUP")
  func rejectsRotation() throws {
    let folder = try TemporaryFolder()
    let (rejects, rotated) = (folder.ledger + "/rejects.ndjson", folder.path + "/rotated")
    func lines(_ path: String) -> Int {
      ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").count
    }
    let ingest = try RunningExecutable(["ingest", "--quiet", "--ledger", folder.ledger])
    var sent = 1
    ingest.send("no JSON\n")
    #expect(ingest.wait { lines(rejects) == 1 })
    try FileManager.default.moveItem(atPath: rejects, toPath: rotated)
    ingest.interrupt(by: SIGHUP)
    // Nobody knows when the signal arrives: lines before that go to the old file.
    let isRotated = ingest.wait {
      ingest.send("no JSON\n")
      sent += 1
      usleep(5_000)
      return lines(rejects) > 0
    }
    #expect(isRotated)
    #expect(ingest.finish().status == 65)
    #expect(lines(rotated) + lines(rejects) == sent)
  }

  @Test("show --why names the events behind each line, to programs and to people")
  func why() throws {
    let folder = try TemporaryFolder()
    let input = """
      {"specversion":"1.0","id":"r","source":"/t","type":"customer.registered","subject":"C1","time":"2026-01-02T08:00:00Z","data":{"kind":"b2b"}}
      {"specversion":"1.0","id":"y","source":"/t","type":"consent.given","subject":"C1","time":"2026-01-03T08:00:00Z","data":{"purpose":"ads","method":"form"}}

      """
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.ledger], input: Data(input.utf8))
    let card = try Executable.run(["show", "C1", "--why", "--json", "--ledger", folder.ledger])
    let reasons = try #require(card.json["why"] as? [String: Any])
    let consent = try #require((reasons["consent"] as? [String: [[String: Any]]])?["ads"]?.first)
    #expect(consent["position"] as? Int == 2)
    #expect(consent["id"] as? String == "y")
    #expect(consent["source"] as? String == "/t")
    #expect(consent["type"] as? String == "consent.given")
    #expect(consent["time"] as? String == "2026-01-03T08:00:00Z")
    #expect(consent["correctedby"] is NSNull)
    let page = try Executable.run(["show", "C1", "--why", "--ledger", folder.ledger]).lines
    #expect(page.contains("line\tposition\ttime\ttype\tid\tsource\tcorrectedby"))
    #expect(page.contains("kind\t1\t2026-01-02 08:00\tcustomer.registered\tr\t/t\t"))
    #expect(page.contains("consent ads\t2\t2026-01-03 08:00\tconsent.given\ty\t/t\t"))
    #expect(try Executable.run(["show", "C1", "--why", "--reorder", "--ledger", folder.ledger]).status == 64)
  }

  @Test("what is not there, is a file, or is not understood exits as documented")
  func exitCodes() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/file"
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    let cases: [([String], Int32)] = [
      (["status", "--ledger", folder.path + "/none"], 1), (["ingest", "--ledger", file], 73),
      (["status", "--ledger", file], 73), (["show"], 64), (["view", "--nonsense"], 64),
    ]
    for (arguments, status) in cases {
      let result = try Executable.run(arguments)
      #expect(result.status == status, "\(arguments)")
      #expect(result.output.isEmpty, "\(arguments)")
      #expect(!result.errors.isEmpty, "\(arguments)")
    }
    _ = try Executable.run(["ingest", "--ledger", folder.ledger])
    #expect(try Executable.run(["show", "nobody", "--ledger", folder.ledger]).status == 2)
    #expect(try Executable.run(["view", "nothing", "--ledger", folder.ledger]).status == 2)
    #expect(try Executable.run(["view", "perfect-orders", "--by", "moon", "--ledger", folder.ledger]).status == 64)
  }

  @Test("an acknowledgement names the position and the line")
  func acknowledgements() throws {
    let folder = try TemporaryFolder()
    let line = #"{"specversion":"1.0","id":"1","source":"/t","type":"note.added","subject":"C1","data":{}}"#
    let result = try Executable.run(
      ["ingest", "--ack", "--quiet", "--ledger", folder.ledger], input: Data("\(line)\n\n\(line)\n".utf8))
    #expect(result.lines.last == #"{"position":1,"line":3}"#)
  }

  @Test("acknowledgements that cannot be written end ingest, though its input is open, and what it read is recorded")
  func acknowledgementsLost() throws {
    let folder = try TemporaryFolder()
    let (process, stdin, stderr) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: Executable.path)
    process.arguments = ["ingest", "--ack", "--quiet", "--ledger", folder.ledger]
    process.standardInput = stdin
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    process.standardError = stderr
    try process.run()
    let line = #"{"specversion":"1.0","id":"1","source":"/t","type":"note.added","subject":"C1","data":{}}"#
    try stdin.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    process.waitUntilExit()
    #expect(process.terminationStatus == 74)
    #expect(String(decoding: stderr.fileHandleForReading.availableData, as: UTF8.self).contains("standard output"))
    #expect(try Executable.run(["status", "--json", "--ledger", folder.ledger]).json["position"] as? Int == 1)
    try stdin.fileHandleForWriting.close()
  }

  @Test("an event recorded by hand is on the card")
  func record() throws {
    let folder = try TemporaryFolder()
    let result = try Executable.run([
      "record", "C1", "order.placed", "order=o1", "currency=EUR", "revenue=12.50", "channel=shop", "--json", "--ledger",
      folder.ledger,
    ])
    #expect(result.status == 0)
    #expect(result.json["position"] as? Int == 1)
    let card = try Executable.run(["show", "C1", "--json", "--ledger", folder.ledger]).json
    #expect(card["orders"] as? Int == 1)
    #expect(card["revenue"] as? [String: String] == ["EUR": "12.50"])
    let refused = try Executable.run(["record", "C1", "order.placed", "currency=EUR", "--ledger", folder.ledger])
    #expect(refused.status == 65)
    #expect(refused.errors.contains("data.order"))
  }

  @Test(
    "record sets no name of the envelope that is said otherwise",
    arguments: ["subject", "type", "specversion", "data", "ledgerposition", "ledgertime"])
  func recordedNames(name: String) throws {
    let folder = try TemporaryFolder()
    let refused = try Executable.run(["record", "C1", "note.added", "text=x", "\(name)=y", "--ledger", folder.ledger])
    #expect(refused.status == 64)
    #expect(refused.errors.contains("\(name) cannot be set"))
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
  }

  private func ingest(_ lines: [String], into path: String) throws {
    try Executable.succeed(["ingest", "--quiet", "--ledger", path], input: Data(lines.joined(separator: "\n").utf8))
  }

  private func event(_ id: Int, _ type: String, time: String = "2024-01-01T00:00:00Z", _ data: String) -> String {
    """
    {"specversion":"1.0","id":"\(id)","source":"/s","subject":"c1","type":"\(type)",\
    "time":"\(time)","data":\(data)}
    """
  }

  @Test("amounts and times at the ends of their ranges break nothing")
  func ends() throws {
    let folder = try TemporaryFolder()
    let least = "-922337203685477.5808"
    try ingest(
      [
        event(1, "order.refunded", #"{"order":"o","currency":"EUR","amount":"\#(least)"}"#),
        event(2, "cost.booked", #"{"order":"o","currency":"EUR","amount":"\#(least)","purpose":"goodwill"}"#),
        event(3, "message.received", time: "1678-01-01T00:00:00Z", "{}"),
        event(4, "customer.lost", #"{"reason":"price"}"#),
      ], into: folder.ledger)
    try Executable.succeed(["replay", "--ledger", folder.ledger])
    try Executable.succeed(["view", "losses", "--ledger", folder.ledger])
    try Executable.succeed(["show", "c1", "--ledger", folder.ledger])
    let steps = try Executable.run(["timeline", "c1", "--relive", "--json", "--ledger", folder.ledger])
    #expect(steps.status == 0 && steps.output.contains(#""waited":10918627200"#), "\(steps.output)")
  }

  @Test("an event whose time a correction takes away is of when it was recorded")
  func timeTakenAway() throws {
    let folder = try TemporaryFolder()
    try ingest(
      [
        event(1, "note.added", #"{"text":"x"}"#),
        event(2, "event.corrected", #"{"source":"/s","id":"1","set":{"time":null}}"#),
      ], into: folder.ledger)
    let recorded = try Executable.run(["log", "--limit", "1", "--ledger", folder.ledger]).json["ledgertime"] as? String
    let shown = try Executable.run(
      ["timeline", "c1", "--type", "note.added", "--json", "--ledger", folder.ledger])
    #expect(shown.json["time"] as? String == recorded)
    #expect(shown.json["timeassumed"] as? Bool == true)
  }

  @Test("what a correction sets is sealed, unless it is the value of a listed field")
  func sealedCorrections() throws {
    let folder = try TemporaryFolder()
    let (path, copy) = (folder.ledger, folder.path + "/copy")
    let line = #"{"sku":"s","quantity":2,"gift":"CANARY1"}"#
    try ingest(
      [
        event(1, "order.placed", #"{"order":"o","currency":"EUR","lines":[{"sku":"s","quantity":1}]}"#),
        event(
          2, "event.corrected",
          #"{"source":"/s","id":"1","set":{"lines":[\#(line)],"revenue":"5","own":"CANARY2"}}"#),
        event(
          3, "event.corrected",
          #"{"source":"/s","id":"1","set":{"subject":"CANARY3","data":{"x":"CANARY4"},"channel":["CANARY5"]}}"#),
      ], into: path)
    try Executable.succeed(["backup", copy, "--quiet", "--ledger", path])
    let sealed = try Executable.run(["log", "--ledger", copy]).output
    #expect(!sealed.contains("CANARY") && sealed.contains(#""quantity":2"#) && sealed.contains(#""revenue":"5""#))
    let opened = try Executable.run(["log", "--ledger", path]).output
    for number in 1...5 { #expect(opened.contains("CANARY\(number)")) }
    let order = try Executable.run(["timeline", "c1", "--type", "order.placed", "--json", "--ledger", path]).output
    #expect(order.contains(line) && order.contains("CANARY2"))
  }

  @Test("who somebody is merged into is named as a subject is", arguments: ["a@b.de", "+491711234567", ""])
  func personalTargets(into id: String) throws {
    let folder = try TemporaryFolder()
    let refused = try Executable.run(["record", "C1", "customer.merged", "into=\(id)", "--ledger", folder.ledger])
    #expect(refused.status == 65 && refused.errors.contains("data.into"))
  }

  @Test("an offset of a time zone may begin with a minus")
  func negativeOffset() throws {
    let folder = try TemporaryFolder()
    try Executable.succeed(["record", "C1", "note.added", "text=x", "--ledger", folder.ledger])
    try Executable.succeed(["view", "service", "--tz", "-05:00", "--ledger", folder.ledger])
  }

  @Test("a journey is walked again with its real waits, and what is due again is listed")
  func reliveAndReorder() throws {
    let folder = try TemporaryFolder()
    func order(_ id: Int, _ day: String) -> String {
      """
      {"specversion":"1.0","id":"\(id)","source":"/t","type":"order.placed","subject":"C1","time":"2026-01-\(day)T08:00:00Z",\
      "touchpoint":"till","data":{"order":"o\(id)","currency":"EUR","lines":[{"sku":"=tea","quantity":1}]}}
      """
    }
    // A merge is no step; a type of the vocabulary is called as there.
    let others = [
      #"{"specversion":"1.0","id":"3","source":"/t","type":"customer.merged","subject":"C2","time":"2026-01-05T08:00:00Z","data":{"into":"C1"}}"#,
      #"{"specversion":"1.0","id":"4","source":"/t","type":"com.acme.order.delivered","subject":"C1","time":"2026-01-12T08:00:00Z","data":{"order":"o2"}}"#,
    ]
    let input = Data(([order(1, "01"), order(2, "11")] + others).joined(separator: "\n").utf8)
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.ledger], input: input)
    let steps = try Executable.run(["timeline", "C1", "--relive", "--json", "--ledger", folder.ledger]).lines
    #expect(
      steps == [
        #"{"time":"2026-01-01T08:00:00Z","waited":null,"step":"till","type":"order.placed"}"#,
        #"{"time":"2026-01-11T08:00:00Z","waited":864000,"step":"till","type":"order.placed"}"#,
        #"{"time":"2026-01-12T08:00:00Z","waited":86400,"step":"order.delivered","type":"com.acme.order.delivered"}"#,
      ])
    // A page knows how long its first step took.
    let page = ["timeline", "C1", "--relive", "--json", "--ledger", folder.ledger, "--limit", "1"]
    #expect(try Executable.run(page + ["--cursor", "1"]).lines.first == steps[1])
    let due = try Executable.run(["show", "C1", "--reorder", "--json", "--ledger", folder.ledger]).output
    #expect(
      due == """
        [{"sku":"=tea","times":2,"last":"2026-01-11T08:00:00Z","interval_p50":864000,\
        "expected_next":"2026-01-21T08:00:00Z"}]

        """)
    #expect(try Executable.run(["show", "nobody", "--reorder", "--ledger", folder.ledger]).status == 2)
    let early = try Executable.run(["show", "C1", "--at", "2025-12-31", "--ledger", folder.ledger])
    #expect(early.status == 2 && early.errors.contains("nothing was known of a customer “C1” at that time"))
  }

  @Test("whoever is only the target of a merge is somebody")
  func mergeTargets() throws {
    let folder = try TemporaryFolder()
    let input = [
      #"{"specversion":"1.0","id":"1","source":"/t","type":"message.received","subject":"C1","time":"2026-01-01T08:00:00Z","data":{}}"#,
      #"{"specversion":"1.0","id":"2","source":"/t","type":"customer.merged","subject":"C1","time":"2026-01-02T08:00:00Z","data":{"into":"ghost"}}"#,
    ]
    _ = try Executable.succeed(
      ["ingest", "--quiet", "--ledger", folder.ledger], input: Data((input.joined(separator: "\n") + "\n").utf8))
    func inbound(_ customer: String) throws -> Int? {
      let view = ["view", "listening", "--json", "--ledger", folder.ledger, "--customer", customer]
      return (try Executable.succeed(view).json["rows"] as? [[String: Any]])?.first?["inbound"] as? Int
    }
    #expect(try inbound("ghost") == 1)
    _ = try Executable.succeed(["replay", "--quiet", "--ledger", folder.ledger])
    #expect(try inbound("ghost") == 1)
    let nobody = try Executable.run(["view", "listening", "--customer", "nobody", "--ledger", folder.ledger])
    #expect(nobody.status == 2)
  }

  @Test("a view counts by time zones, takes its own options only, and disarms formulas in CSV")
  func viewOptions() throws {
    let folder = try TemporaryFolder()
    let line = """
      {"specversion":"1.0","id":"1","source":"/t","type":"order.placed","subject":"=C1","time":"2026-01-31T23:30:00Z",\
      "data":{"order":"o","currency":"EUR","revenue":"12.50"}}
      """
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.ledger], input: Data((line + "\n").utf8))
    func view(_ arguments: String...) throws -> Executable.Result {
      try Executable.run(["view"] + arguments + ["--ledger", folder.ledger])
    }
    let berlin = try view("retention", "--tz", "Europe/Berlin", "--at", "2026-02-01", "--csv")
    #expect(berlin.lines == ["cohort,size,active", "2026-02,1,[1]"])
    #expect(try view("retention", "--at", "2026-02-01", "--csv").lines.last == "2026-01,1,\"[1,0]\"")
    // The end of a day is that of the zone: 24 hours earlier nothing has happened yet.
    #expect(try view("retention", "--tz", "Europe/Berlin", "--at", "2026-01-31", "--csv").lines.count == 1)
    #expect(try view("value", "--by", "customer", "--csv").lines[1].hasPrefix("'=C1,EUR,12.50"))
    #expect(try view("retention", "--quiet", "--json").json["rows"] as? [String] == [])
    for refused in [["value", "--rfm"], ["journey", "--per", "moon"], ["value", "--tz", "Europe/Atlantis"]] {
      let result = try Executable.run(["view"] + refused + ["--ledger", folder.ledger])
      #expect(result.status == 64 && !result.errors.isEmpty, "\(refused)")
    }
    let counterweight = try view("selfservice", "--json").json["counterweight"] as? [String: [Any]]
    #expect(counterweight?["reach"]?.count == 1)
  }

  @Test("the demo runs and leaves nothing behind")
  func demo() throws {
    let folder = try TemporaryFolder()
    let result = try Executable.run(["demo"], environment: ["TMPDIR": folder.path])
    #expect(result.status == 0)
    for command in ["ingest", "show", "timeline", "view perfect-orders", "view satisfaction"] {
      #expect(result.output.contains("rapport \(command)"), "\(command)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
