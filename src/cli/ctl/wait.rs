//! Waiting for the end of a drain.

use std::time::Duration;

use serde_json::Value;

use super::{Kind, Subject, look, show};
use crate::daemon;
use crate::limits;

/// How a drain stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The order has ended, or was taken away.
    Gone,
    /// Answers may still hold a VIP of it.
    Used,
    /// Caches may, for so many seconds.
    Kept(u64),
    /// Nobody does, since that second of the Unix epoch.
    Clear(u64),
}

/// Reads the page of all orders.
pub(super) fn stage(page: &Value, kind: Kind, name: &str) -> Stage {
    let mut orders = page["orders"].as_array().into_iter().flatten();
    let Some(order) = orders.find(|o| o["of"] == kind.word() && o["name"] == name) else {
        return Stage::Gone;
    };
    if !matches!(order["state"].as_str(), Some("drain" | "down")) {
        return Stage::Gone;
    }
    // By the server's clock, whatever ours says.
    match (order["clear_at"].as_u64(), page["now"].as_u64()) {
        (Some(clear), Some(now)) if clear <= now => Stage::Clear(clear),
        (Some(clear), Some(now)) => Stage::Kept(clear - now),
        _ => Stage::Used,
    }
}

/// Waits until no cache holds what was drained, as this server says.
pub(super) fn until_clear(
    server: &str,
    token: Option<&str>,
    subject: &Subject,
) -> Result<String, String> {
    let mut told = false;
    loop {
        let page = look(server, token, "/v1/drains")?;
        let name = subject.name.as_str();
        let pause = match stage(&page, subject.kind, name) {
            Stage::Clear(at) => {
                let at = show::time(at);
                return Ok(format!("{server}: no cache holds {name} since {at}\n"));
            }
            Stage::Gone => {
                return Err(format!(
                    "{server}: the order for {name} is gone: it ended, or was changed"
                ));
            }
            Stage::Used => {
                if !told {
                    daemon::say(&format!("{server}: answers still hold {name}; waiting\n"));
                    told = true;
                }
                1
            }
            Stage::Kept(seconds) => seconds.clamp(1, limits::CTL_LOOK),
        };
        std::thread::sleep(Duration::from_secs(pause));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_drain_goes_through_its_stages() {
        let page = |state: &str, clear: Value| {
            let order = json!({ "of": "vip", "name": "a", "state": state, "clear_at": clear });
            json!({ "now": 100, "orders": [order] })
        };
        let table = [
            (page("drain", Value::Null), Stage::Used),
            (page("drain", 101.into()), Stage::Kept(1)),
            (page("drain", 100.into()), Stage::Clear(100)),
            (page("down", 99.into()), Stage::Clear(99)),
            (page("up", Value::Null), Stage::Gone),
            (json!({ "now": 100, "orders": [] }), Stage::Gone),
        ];
        for (page, wanted) in table {
            assert_eq!(stage(&page, Kind::Vip, "a"), wanted, "{page}");
        }
        assert_eq!(
            stage(&page("drain", 1.into()), Kind::Site, "a"),
            Stage::Gone
        );
    }
}
