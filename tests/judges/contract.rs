//! The OpenAPI document and the server that serves it, held together by Schemathesis: what is sent is made from the
//! document, good and bad, and every reply must be as it says.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::estate;
use super::server::Server;
use super::tool::{Judge, records, top};

/// `.ci/run` puts it there.
fn schemathesis() -> PathBuf {
    let program = records().join("schemathesis/bin/schemathesis");
    assert!(
        program.is_file(),
        "the judge `schemathesis` is missing: .ci/run says how it comes to {}",
        program.display()
    );
    program
}

#[test]
fn schemathesis_finds_nothing() {
    let server = Server::start(&estate());
    let folder = top().join("tests/judges/schemathesis");
    let reports = records().join("schemathesis-report");
    let mut judge = Judge::new("python3", "python3", "schemathesis");
    let mut command = Command::new(schemathesis());
    command.current_dir(server.folder());
    command
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &folder);
    command
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"));
    command.arg("run").arg(server.url("/openapi.json"));
    command.args(["-H", &format!("Authorization: Bearer {}", server.token())]);
    // Its events have no end, which no judge of replies waits for.
    command.args([
        "--exclude-path",
        "/v1/events",
        "--checks",
        "all",
        // Which of two numbers is the larger, what stands twice, and where a double is rounded is more than a schema says:
        // what is taken and refused is held by the replays and by tests of their own.
        "--exclude-checks",
        "positive_data_acceptance,negative_data_rejection",
        "--seed",
        "1",
    ]);
    command.args([
        "--max-time",
        "60",
        "--max-examples",
        "40",
        "--continue-on-failure",
    ]);
    command
        .args(["--report", "junit", "--report-dir"])
        .arg(&reports);
    command.args([
        "--phases",
        "examples,coverage,fuzzing",
        "--generation-database",
        "none",
    ]);
    let said = judge.execute(&mut command);
    let junit = fs::read_dir(&reports).unwrap().flatten().count();
    assert!(junit > 0, "no report was kept");
    assert!(
        said.contains("passed") && !said.contains("FAILURES") && !said.contains("ERRORS"),
        "{}",
        &said[said.len().saturating_sub(6_000)..]
    );
    assert!(server.get("/readyz").starts_with("ready"), "it serves on");
}
