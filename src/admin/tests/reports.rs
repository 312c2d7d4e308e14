//! The feed: what is replied is in force, and what is wrong is all told.

use std::sync::Mutex;

use super::*;
use crate::health::board::State;
use crate::keeper::Change;
use crate::limits;

#[test]
fn one_report_is_in_force_when_it_is_answered() {
    let open = Open::new();
    let reply = open.put("fra-1", &down(4));
    assert_eq!(reply.status, 200);
    assert_eq!(open.house.state("fra-1"), State::Down);
    assert_eq!(
        reply.json(),
        json!({
            "generation": 2, "vip": "fra-1", "outcome": "changed", "reported": "down", "in_force": "down",
            "held_back": null, "epoch": 1, "seq": 4, "family": null, "families": null,
        })
    );
    let old = open
        .put("fra-1", r#"{"state":"up","epoch":1,"seq":3}"#)
        .json();
    assert_eq!((&old["outcome"], &old["seq"]), (&json!("old"), &json!(4)));
    assert_eq!(
        (&old["reported"], &old["generation"]),
        (&json!("down"), &json!(2))
    );
    let renewed = open.put("fra-1", &down(5)).json();
    assert_eq!(renewed["outcome"], "renewed");
}

#[test]
fn many_reports_are_answered_in_their_order() {
    let open = Open::new();
    let batch = json!({ "reports": [
        { "vip": "iad-1", "state": "degraded", "quality": 0.25, "epoch": 1, "seq": 1, "valid_for": "1m" },
        { "vip": "fra-1", "state": "drain", "epoch": 1, "seq": 1 },
    ]});
    let reply = open.ask("POST", "/v1/health", Some(ALL), &batch.to_string());
    assert_eq!(reply.status, 200);
    let value = reply.json();
    assert_eq!(value["generation"], 2);
    let results = value["results"].as_array().unwrap();
    let seen: Vec<_> = results
        .iter()
        .map(|r| (&r["vip"], &r["in_force"]))
        .collect();
    let (degraded, drain) = (json!("degraded"), json!("drain"));
    assert_eq!(
        seen,
        [(&json!("iad-1"), &degraded), (&json!("fra-1"), &drain)]
    );
    assert_eq!(open.house.state("iad-1"), State::Degraded(250_000));
}

#[test]
fn observers_and_families_are_told_apart() {
    let open = Open::new();
    let body = r#"{"state":"down","epoch":1,"seq":1,"family":"v6","valid_for":"1m"}"#;
    let path = "/v1/health/vips/fra-1";
    let reply = open.ask("PUT", path, Some(FRA), body).json();
    assert_eq!(
        (&reply["family"], &reply["in_force"], &reply["held_back"]),
        (&json!("v6"), &json!("down"), &json!(null))
    );
    let up = r#"{"state":"up","epoch":1,"seq":2}"#;
    let reply = open.ask("PUT", path, Some(ALL), up).json();
    assert_eq!(reply["in_force"], "up");
    assert_eq!(reply["families"], json!({ "v4": "up", "v6": "down" }));
    let worse = "`fra-forwarders` says so, and the worst counts";
    assert_eq!(reply["held_back"], worse);
    let vips = open.get("/v1/vips").json();
    let vip = &vips["vips"][0];
    assert_eq!(
        (&vip["state"], &vip["reported"]),
        (&json!("up"), &json!("up"))
    );
    assert_eq!(vip["families"]["v6"]["state"], "down");
    let seen = vip["observers"].as_array().unwrap().iter();
    let seen: Vec<_> = seen
        .map(|one| {
            let words = ["observer", "family", "state"].map(|key| one[key].as_str().unwrap());
            (words, one["counts"].as_bool().unwrap(), one["why"].as_str())
        })
        .collect();
    let (fra, all) = ("fra-forwarders", "forwarders");
    assert_eq!(
        seen,
        [
            ([all, "v4", "up"], true, None),
            ([all, "v6", "up"], true, Some(worse)),
            ([fra, "v6", "down"], true, None),
        ]
    );
    let metrics = open.get("/metrics").body;
    for line in [
        format!("meridian_observations{{observer=\"{all}\",state=\"up\"}} 2"),
        "meridian_observations{observer=\"fra-forwarders\",state=\"down\"} 1".to_owned(),
        "meridian_observers_disagree{vip=\"fra-1\",family=\"v6\"} 1".to_owned(),
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line}\n{metrics}");
    }
}

#[test]
fn no_more_observers_than_there_is_room_for() {
    let open = Open::new();
    for n in 0..limits::OBSERVERS {
        let who = Arc::from(format!("o{n}"));
        let reports = vec![(
            Arc::from("fra-1"),
            crate::keeper::tests::report(State::Up, 1),
        )];
        let (reply, answer) = tokio::sync::oneshot::channel();
        let change = Change::Reports {
            who,
            reports,
            reply,
        };
        open.house.keeper.send(change).unwrap();
        answer.blocking_recv().unwrap().unwrap();
    }
    let reply = open.put("fra-1", &down(1));
    assert_eq!(reply.status, 422);
    assert!(
        reply
            .error()
            .contains(r#"16 observers speak already of "fra-1""#),
        "{}",
        reply.error()
    );
    assert_eq!(open.house.state("fra-1"), State::Up);
}

#[test]
fn every_mistake_of_a_body_is_told() {
    let open = Open::new();
    let reply = open.put(
        "fra-1",
        r#"{"state":"upp","seq":-1,"valid_for":30,"color":1}"#,
    );
    assert_eq!(reply.status, 400);
    let value = reply.json();
    let mistakes = value["mistakes"].as_array().unwrap();
    assert!(mistakes.len() >= 5, "{value}");
    for mistake in mistakes {
        for field in ["at", "message", "advice"] {
            assert!(mistake[field].as_str().is_some_and(|s| !s.is_empty()));
        }
    }
    for body in ["", "{", "[]", "null", "\u{0}", "{\"state\":\"up\"} x"] {
        let reply = open.put("fra-1", body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(!reply.json()["mistakes"].as_array().unwrap().is_empty());
    }
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(open.put("fra-1", &deep).status, 400);
    let deep = format!(r#"{{"reports":{deep}}}"#);
    let reply = open.ask("POST", "/v1/health", Some(ALL), &deep);
    assert_eq!(reply.status, 400);
    assert_eq!(open.house.cell.full().generation, 1);
}

#[test]
fn vips_that_are_not_there() {
    let open = Open::new();
    let reply = open.put("nowhere", &down(1));
    assert_eq!(reply.status, 404);
    assert!(reply.error().contains("nowhere"));
    // Whatever stands in the path comes back in one line of JSON, or not at all.
    for odd in [
        "%00", "a%0ab", "fra-1%20", "\"", "<script>", "..", "%2e%2e", "FRA-1", "ﬀ",
    ] {
        let reply = open.put(odd, &down(1));
        assert!(
            [400, 404].contains(&reply.status),
            "{odd}: {}",
            reply.status
        );
        assert_eq!(
            reply.body.trim_end().lines().count(),
            usize::from(!reply.body.is_empty())
        );
    }
    let batch = json!({ "reports": [
        { "vip": "fra-1", "state": "down", "epoch": 1, "seq": 1 },
        { "vip": "nowhere", "state": "down", "epoch": 1, "seq": 1 },
        { "vip": "neither", "state": "down", "epoch": 1, "seq": 1 },
    ]});
    let reply = open.ask("POST", "/v1/health", Some(ALL), &batch.to_string());
    assert_eq!(reply.status, 422);
    let value = reply.json();
    assert_eq!(value["mistakes"][0]["at"], "$.reports[1].vip");
    assert_eq!(value["mistakes"][1]["at"], "$.reports[2].vip");
    assert_eq!(open.house.state("fra-1"), State::Unknown);
}

#[test]
fn a_hundred_at_once_are_all_in_force() {
    let open = Open::new();
    let vips = ["fra-1", "fra-2", "iad-1", "spare"];
    let sequences: Vec<Vec<(u64, u64)>> = std::thread::scope(|scope| {
        let sender = |thread: usize| {
            let open = &open;
            scope.spawn(move || {
                let mut stream = open.connect();
                let mut seen = Vec::new();
                for round in 0..5 {
                    let state = if (thread + round).is_multiple_of(2) {
                        "up"
                    } else {
                        "down"
                    };
                    let seq = (round * 100 + thread) as u64;
                    let body = json!({ "state": state, "epoch": 1, "seq": seq }).to_string();
                    let path = format!("/v1/health/vips/{}", vips[thread % 4]);
                    let request = request("PUT", &path, Some(ALL), &body);
                    stream.write_all(request.as_bytes()).unwrap();
                    let reply = Reply::read(&mut stream).unwrap();
                    assert_eq!(reply.status, 200);
                    let generation = reply.json()["generation"].as_u64().unwrap();
                    // What was answered is in force: never a world before it is seen from now on.
                    seen.push((generation, open.house.cell.full().generation));
                }
                seen
            })
        };
        let threads: Vec<_> = (0..100).map(sender).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for seen in &sequences {
        assert!(seen.iter().all(|(told, found)| told <= found));
        assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
    let most = sequences.iter().flatten().map(|(told, _)| *told).max();
    assert_eq!(most, Some(open.house.cell.full().generation));
    // The last word of each VIP is the one with the highest number.
    for (n, vip) in vips.iter().enumerate() {
        let last = 96 + n;
        let expected = if (last + 4) % 2 == 0 {
            State::Up
        } else {
            State::Down
        };
        assert_eq!(open.house.state(vip), expected, "{vip}");
    }
}

#[test]
fn without_a_keeper_it_is_another_time() {
    let mut open = Open::new();
    open.house.stop();
    let reply = open.put("fra-1", &down(1));
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
    let reply = open.ask("POST", "/v1/reload", Some(OPERATOR), "");
    assert_eq!(reply.status, 503);
    assert_eq!(open.get("/readyz").status, 200, "what is in force goes on");
}

#[test]
fn a_reload_replies_with_what_it_found() {
    let open = Open::new();
    let reload = || open.ask("POST", "/v1/reload", Some(OPERATOR), "");
    let ready = open.get("/readyz");
    assert_eq!(ready.header("meridian-reload"), Some("taken"));
    assert!(ready.body.starts_with("ready: generation 1\n"));
    open.house
        .write("steering.toml", "[vips]\na = { adress = \"192.0.2.1\" }\n");
    let reply = reload();
    assert_eq!(reply.status, 422);
    let value = reply.json();
    let mistake = &value["mistakes"][0];
    assert!(
        mistake["at"].as_str().unwrap().contains("steering.toml:2:"),
        "{value}"
    );
    // Ready all the same, and it says what is wrong.
    let ready = open.get("/readyz");
    assert_eq!(ready.status, 200);
    assert_eq!(ready.header("meridian-reload"), Some("refused"));
    assert!(ready.body.contains("adress"), "{}", ready.body);
    assert!(
        open.get("/metrics")
            .body
            .contains("meridian_last_reload_success 0\n")
    );
    let status = open.get("/v1/status").json();
    assert_eq!(status["last_reload"]["taken"], false);
    assert_eq!(status["reloads"], json!({ "taken": 1, "refused": 1 }));
    open.house
        .write("steering.toml", crate::keeper::tests::STEERING);
    let reply = reload();
    assert_eq!(reply.status, 200, "{}", reply.body);
    let value = reply.json();
    assert_eq!(
        (&value["taken"], &value["cause"]),
        (&json!(true), &json!("ops"))
    );
    assert_eq!(value["generation"], 2);
    assert_eq!(open.get("/readyz").header("meridian-reload"), Some("taken"));
}

#[test]
fn a_keeper_that_does_not_reply_in_time() {
    let open = Open::with(Pace {
        reply: millis(0),
        ..Pace::default()
    });
    let mute = open.house.mute();
    let reply = open.put("fra-1", &down(1));
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.body.contains("in time"), "{}", reply.body);
    // It was taken all the same.
    drop(mute);
    open.house.until("the report", |world| {
        world.verdicts.at(0).v4.state == State::Down
    });
}

#[test]
fn each_change_leaves_one_line() {
    let house = House::new();
    let counters = Arc::new(Counters::default());
    let door = Arc::new(door(&house, &counters));
    let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
    let sink = lines.clone();
    // Two, since with one alone threads that have none decide for all what is worth a line.
    let dispatch = || {
        let sink = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || Sink(sink.clone()))
            .finish();
        tracing::Dispatch::new(subscriber)
    };
    let (first, _second) = (dispatch(), dispatch());
    let (tell, address) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        let _here = tracing::dispatcher::set_default(&first);
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            serve_with(listener, door, stopped, Pace::default())
                .await
                .unwrap();
        });
    });
    let mut stream = TcpStream::connect(address.recv().unwrap()).unwrap();
    let mut ask = |path: &str, token: Option<&str>, body: &str| {
        let text = request("PUT", path, token, body);
        stream.write_all(text.as_bytes()).unwrap();
        Reply::read(&mut stream).unwrap();
    };
    ask("/v1/health/vips/fra-1", Some(FRA), &down(1));
    ask("/v1/health/vips/iad-1", Some(FRA), &down(1));
    ask("/v1/health/vips/%0a%22x\\", Some(ALL), &down(1));
    for _ in 0..50 {
        ask("/v1/health/vips/fra-1", None, &down(2));
    }
    drop(stop);
    drop(stream);
    serving.join().unwrap();
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let (refused, done): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.contains("refused"));
    assert_eq!(done.len(), 3, "{text}");
    for (line, words) in done.iter().zip([
        ["fra-forwarders", "vips/fra-1", "status=200"],
        ["fra-forwarders", "vips/iad-1", "status=403"],
        ["forwarders", "vips/%0a", "status=404"],
    ]) {
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
    // Attempts without a token are told, but not each.
    assert!((1..20).contains(&refused.len()), "{text}");
    assert!(!text.contains(FRA));
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_site_and_an_address_are_reported_in_one_go() {
    let open = Open::new();
    let post = |token: &str, body: Value| {
        let body = body.to_string();
        open.ask("POST", "/v1/health", Some(token), &body)
    };
    let report = |subject: &str, name: &str, seq: u64| json!({ subject: name, "state": "down", "epoch": 1, "seq": seq });
    let reply = post(
        FRA,
        json!({ "version": 1, "reports": [report("site", "fra", 1)] }),
    );
    let value = reply.json();
    let vips: Vec<&Value> = value["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["vip"])
        .collect();
    assert_eq!(vips, ["fra-1", "fra-2"]);
    for vip in ["fra-1", "fra-2"] {
        assert_eq!(open.house.state(vip), State::Down);
    }
    let reply = post(
        ALL,
        json!({ "reports": [report("address", "192.0.2.3", 1)] }),
    );
    assert_eq!(reply.json()["results"][0]["vip"], "iad-1");
    assert_eq!(
        post(
            FRA,
            json!({ "reports": [report("address", "2001:db8::3", 2)] })
        )
        .status,
        403
    );
    assert_eq!(
        post(FRA, json!({ "reports": [report("site", "iad", 2)] })).status,
        403
    );
    let reply = post(
        ALL,
        json!({ "reports": [
            report("site", "nowhere", 3), report("address", "192.0.2.77", 3), report("vip", "fra-1", 3), report("site", "fra", 3),
        ]}),
    );
    assert_eq!(reply.status, 422);
    let value = reply.json();
    let found: Vec<String> = value["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            format!(
                "{}: {}",
                m["at"].as_str().unwrap(),
                m["message"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"$.reports[0].site: the estate in force has no VIP at a site "nowhere""#,
            r#"$.reports[1].address: the estate in force has no VIP with the address "192.0.2.77""#,
            r#"$.reports[3].site: "fra-1" is reported twice in one body, first at $.reports[2]"#,
        ]
    );
}

#[test]
fn what_is_told_is_shown_and_a_vip_without_a_route_is_down() {
    let open = Open::new();
    let now = super::super::now();
    let tell = |seq: u64, end: u64, more: Value| {
        let mut body = json!({ "version": 1, "state": "up", "epoch": 1, "seq": seq, "load": 7, "active_conns": 12,
            "new_conns_per_s": 1.5, "window": [end - 10, end] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let reply = open.put("fra-1", &body.to_string());
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let all = json!({ "healthy_backends": 2, "total_backends": 3, "route_present": true });
    let reply = tell(1, now, all);
    assert_eq!(
        (
            &reply["in_force"],
            &reply["held_back"],
            &reply["load_refused"]
        ),
        (&json!("up"), &json!(null), &json!(null))
    );
    let load = open.get("/v1/vips").json()["vips"][0]["load"].clone();
    let shown = json!({ "load": 7.0, "target": null, "capacity": null, "unit": null, "active_conns": 12.0,
        "new_conns_per_s": 1.5, "window": [now - 10, now], "healthy_backends": 2, "total_backends": 3,
        "route_present": true, "at": load["at"], "fresh": true });
    assert_eq!(load, shown);
    let page = open.get("/metrics").body;
    for line in [
        r#"meridian_vip_connections{vip="fra-1",site="fra"} 12.0"#,
        r#"meridian_vip_connections_per_second{vip="fra-1",site="fra"} 1.5"#,
        r#"meridian_vip_backends{vip="fra-1",site="fra",which="healthy"} 2"#,
        r#"meridian_vip_backends{vip="fra-1",site="fra",which="total"} 3"#,
        r#"meridian_vip_route_present{vip="fra-1",site="fra"} 1"#,
    ] {
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
    // Measured tomorrow: the state counts, the load does not.
    let reply = tell(2, now + 86_400, json!({}));
    assert!(
        reply["load_refused"]
            .as_str()
            .is_some_and(|why| why.contains("future")),
        "{reply}"
    );
    assert_eq!(
        open.get("/v1/vips").json()["vips"][0]["load"]["window"],
        json!([now - 10, now])
    );
    let reply = tell(3, now, json!({ "route_present": false }));
    assert_eq!(reply["in_force"], "down");
    assert!(
        reply["held_back"]
            .as_str()
            .is_some_and(|why| why.contains("route")),
        "{reply}"
    );
    assert_eq!(open.house.state("fra-1"), State::Down);
    let reply = tell(
        4,
        now,
        json!({ "healthy_backends": 0, "total_backends": 3 }),
    );
    assert_eq!(
        (&reply["in_force"], &reply["outcome"]),
        (&json!("down"), &json!("renewed"))
    );
    assert_eq!(tell(5, now, json!({}))["in_force"], "up");
}
