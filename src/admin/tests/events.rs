//! Events as they happen, and prefixes for routing daemons.

use super::*;

/// A listener: events one after another, as they come.
struct Ear {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// How much of them was heard.
    heard: usize,
}

impl Ear {
    fn new(open: &Open) -> Ear {
        let mut stream = open.connect();
        stream
            .write_all(request("GET", "/v1/events", None, "").as_bytes())
            .unwrap();
        let mut ear = Ear {
            stream,
            bytes: Vec::new(),
            heard: 0,
        };
        let head = ear.until("\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        ear
    }

    fn until(&mut self, end: &str) -> String {
        let mut looked = self.heard;
        loop {
            let rest = self.bytes.get(looked..).unwrap_or_default();
            if let Some(at) = rest.windows(end.len()).position(|w| w == end.as_bytes()) {
                let at = looked + at;
                let part = String::from_utf8_lossy(&self.bytes[self.heard..at]).into_owned();
                self.heard = at + end.len();
                return part;
            }
            self.bytes.drain(..self.heard);
            self.heard = 0;
            looked = self.bytes.len().saturating_sub(end.len());
            let mut chunk = [0; 65_536];
            let read = self.stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the stream has ended");
            self.bytes.extend_from_slice(&chunk[..read]);
        }
    }

    /// The name, id and data of the next event; comments and the lines of chunks between are passed over.
    fn hear(&mut self) -> (String, String, Value) {
        loop {
            let block = self.until("\n\n");
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let (event, id) = (field("event: ").unwrap(), field("id: ").unwrap());
                return (event.into(), id.into(), serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn all_of_it_then_each_change() {
    let open = Open::new();
    open.put("fra-2", &down(1));
    let mut ear = Ear::new(&open);
    let (event, id, whole) = ear.hear();
    assert_eq!((event.as_str(), id.as_str()), ("state", "2"));
    let names: Vec<&Value> = whole["vips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["name"])
        .collect();
    assert_eq!(names, ["fra-1", "fra-2", "iad-1", "spare"]);
    assert_eq!(whole["vips"][1]["state"], "down");
    // A renewal is no event: the next one heard is the change after it.
    open.put("fra-2", &down(2));
    open.put(
        "fra-1",
        r#"{"state":"degraded","quality":0.25,"epoch":1,"seq":1}"#,
    );
    let (event, id, vip) = ear.hear();
    assert_eq!((event.as_str(), id.as_str()), ("vip", "3"));
    assert_eq!(
        vip,
        json!({ "name": "fra-1", "site": "fra", "state": "degraded", "v4": "degraded", "v6": "degraded", "quality": 0.25, "since": vip["since"],
            "observed": "degraded", "reason": null, "generation": 3 })
    );
    // Who comes later gets all of it; both hear what follows, also what a reload takes away.
    let mut late = Ear::new(&open);
    assert_eq!(late.hear().2["vips"][0]["state"], "degraded");
    let steering = crate::keeper::tests::STEERING;
    let steering = steering
        .replace("spare = {", "other = {")
        .replace("\"spare\"", "\"other\"");
    fs_write(&open, &steering);
    let reload = open.ask("POST", "/v1/reload", Some(OPERATOR), "");
    assert_eq!(reload.status, 200, "{}", reload.body);
    for ear in [&mut ear, &mut late] {
        let (event, _, vip) = ear.hear();
        assert_eq!((event.as_str(), &vip["name"]), ("vip", &json!("other")));
        let (event, _, vip) = ear.hear();
        assert_eq!((event.as_str(), &vip["name"]), ("gone", &json!("spare")));
    }
}

fn fs_write(open: &Open, steering: &str) {
    let file = open.house.folder.path().join("zones/steering.toml");
    std::fs::write(file, steering).unwrap();
}

#[test]
fn listeners_have_their_number_and_leave_their_places() {
    let open = Open::new();
    let mut ears: Vec<Ear> = (0..crate::limits::EVENT_LISTENERS)
        .map(|_| Ear::new(&open))
        .collect();
    let refused = open.get("/v1/events");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    // Others are served meanwhile, and a place is free once its listener has gone and something is sent.
    assert_eq!(open.get("/healthz").status, 200);
    drop(ears.pop());
    let end = std::time::Instant::now() + DEADLINE;
    let mut seq = 0;
    while open.get("/v1/events").status != 200 {
        assert!(std::time::Instant::now() < end);
        seq += 1;
        let state = if seq % 2 == 0 { "up" } else { "down" };
        open.put(
            "fra-1",
            &json!({ "state": state, "epoch": 1, "seq": seq }).to_string(),
        );
    }
}

#[test]
fn prefixes_one_a_line() {
    let open = Open::new();
    let page = |query: &str| {
        let reply = open.get(&format!("/v1/prefixes{query}"));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    };
    let all = "192.0.2.1/32\n192.0.2.2/32\n192.0.2.3/32\n192.0.2.4/32\n\
               2001:db8::1/128\n2001:db8::2/128\n2001:db8::3/128\n2001:db8::4/128\n";
    assert_eq!(page(""), all);
    open.put("fra-1", &down(1));
    open.put("iad-1", r#"{"state":"drain","epoch":1,"seq":1}"#);
    assert_eq!(
        page("?family=v4"),
        "192.0.2.2/32\n192.0.2.3/32\n192.0.2.4/32\n"
    );
    assert_eq!(page("?site=fra&family=v6"), "2001:db8::2/128\n");
    assert_eq!(
        page("?state=down,drain&site=fra,iad&family=v4"),
        "192.0.2.1/32\n192.0.2.3/32\n"
    );
    assert_eq!(page("?state=up"), "");
    assert_eq!(
        page("?state=drain&family=v4&format=bird"),
        "route 192.0.2.3/32 blackhole;\n"
    );
    for wrong in [
        "?state=well",
        "?state=",
        "?site=",
        "?family=4",
        "?format=json",
        "?colour=red",
    ] {
        let reply = open.get(&format!("/v1/prefixes{wrong}"));
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.error().contains("/v1/prefixes["), "{}", reply.body);
    }
    let reply = open.get("/v1/prefixes?site=fra,nowhere");
    assert_eq!(reply.status, 422);
    assert!(reply.error().contains("nowhere"), "{}", reply.body);
}
