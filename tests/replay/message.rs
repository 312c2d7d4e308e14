//! Questions to bytes and replies to lines, both by a second implementation of the protocol.

use std::net::IpAddr;
use std::str::FromStr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsCode, EdnsOption};
use hickory_proto::rr::rdata::svcb::{SVCB, SvcParamValue};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::options;
use super::script::Ask;

/// The message that a client sends for this question.
pub fn encode(ask: &Ask, id: u16) -> Result<Vec<u8>, String> {
    let opcode: u8 = match ask.opcode.as_str() {
        "QUERY" => 0,
        "IQUERY" => 1,
        "STATUS" => 2,
        "NOTIFY" => 4,
        "UPDATE" => 5,
        "DSO" => 6,
        other => other
            .parse()
            .map_err(|_| format!("no opcode is called `{other}`"))?,
    };
    let has = |flag: &str| ask.flags.iter().any(|f| f == flag);
    let direction = if has("response") {
        MessageType::Response
    } else {
        MessageType::Query
    };
    let mut message = Message::new(id, direction, OpCode::Query);
    message.metadata.recursion_desired = has("rd");
    let kind = ask
        .kind
        .strip_prefix("TYPE")
        .and_then(|n| n.parse::<u16>().ok())
        .map(RecordType::from);
    let kind = kind
        .map_or_else(|| RecordType::from_str(&ask.kind), Ok)
        .map_err(|e| e.to_string())?;
    let name = Name::from_ascii(&ask.name).map_err(|e| e.to_string())?;
    let mut query = Query::query(name, kind);
    query.set_query_class(DNSClass::from_str(&ask.class).map_err(|e| e.to_string())?);
    message.add_query(query);
    if let Some((payload, version)) = ask.edns {
        let mut edns = Edns::new();
        edns.set_max_payload(payload)
            .set_version(version)
            .set_dnssec_ok(has("do"));
        if let Some((address, source)) = ask.subnet {
            edns.options_mut()
                .insert(EdnsOption::Subnet(ClientSubnet::new(address, source, 0)));
        }
        for (code, data) in &ask.options {
            let option = EdnsOption::Unknown(*code, data.clone());
            edns.options_mut().insert(option);
        }
        message.set_edns(edns);
    }
    let mut message = message.to_vec().map_err(|e| e.to_string())?;
    message[2] |= opcode << 3;
    if let Some(key) = &ask.tsig {
        options::sign(&mut message, key);
    }
    Ok(message)
}

/// What a reply says, line by line, in the words of the scripts. Breaches of the protocol become lines of their own,
/// which no script expects.
pub fn lines(query: &[u8], reply: Option<&[u8]>) -> Vec<String> {
    let Some(reply) = reply else {
        return vec!["silence".to_string()];
    };
    let message = match Message::from_vec(reply) {
        Ok(message) => message,
        Err(error) => return vec![format!("broken: {error}: {reply:02x?}")],
    };
    let mut lines = breaches(query, reply);
    let code = message.metadata.response_code;
    let rcode = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
    ];
    let number = u16::from(code);
    let named = rcode.get(usize::from(number)).map(ToString::to_string);
    let other = match number {
        9 => "NOTAUTH".to_string(),
        16 => "BADVERS".to_string(),
        23 => "BADCOOKIE".to_string(),
        _ => number.to_string(),
    };
    lines.push(format!("rcode {}", named.unwrap_or(other)));
    lines.extend(options::lines(reply));
    let flags = [
        ("aa", message.metadata.authoritative),
        ("tc", message.metadata.truncation),
        ("ra", message.metadata.recursion_available),
        ("ad", message.metadata.authentic_data),
        ("cd", message.metadata.checking_disabled),
    ];
    let set: Vec<&str> = flags
        .iter()
        .filter(|(_, set)| *set)
        .map(|(flag, _)| *flag)
        .collect();
    lines.push(format!("flags {}", set.join(" ")).trim_end().to_string());
    let sections = [
        ("answer", &message.answers),
        ("authority", &message.authorities),
        ("additional", &message.additionals),
    ];
    for (section, records) in sections {
        // A TSIG record has a line of its own.
        let records = records.iter().filter(|r| u16::from(r.record_type()) != 250);
        lines.extend(records.map(|record| format!("{section} {}", shown(record))));
    }
    lines.extend(
        message
            .answers
            .first()
            .map(|record| format!("first {}", data(&record.data))),
    );
    lines.push(message.edns.as_ref().map_or("no edns".to_string(), |edns| {
        let dnssec = if edns.flags().dnssec_ok { " do" } else { "" };
        format!("edns {}{dnssec}", edns.max_payload())
    }));
    let subnet = message
        .edns
        .as_ref()
        .and_then(|edns| edns.option(EdnsCode::Subnet));
    if let Some(EdnsOption::Subnet(subnet)) = subnet {
        lines.push(format!("scope {}", subnet.scope_prefix()));
        lines.extend(foreign_subnet(query, subnet));
    } else {
        lines.push("no ecs".to_string());
    }
    lines.push(format!("size {}", reply.len()));
    lines
}

/// What holds of every reply, whatever was asked (RFC 1035 §4.1.1).
fn breaches(query: &[u8], reply: &[u8]) -> Vec<String> {
    let rules = [
        (reply[2] & 0x80 != 0, "breach: QR is not set"),
        (reply.get(..2) == query.get(..2), "breach: the id differs"),
        (
            query.get(2).is_none_or(|b| (b ^ reply[2]) & 0x79 == 0),
            "breach: opcode or RD is not copied",
        ),
        (reply[3] & 0x40 == 0, "breach: Z is set"),
    ];
    rules
        .iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, says)| says.to_string())
        .collect()
}

/// The reply's option must repeat family, source and address of the query (RFC 7871 §7.2.1).
fn foreign_subnet(query: &[u8], subnet: &ClientSubnet) -> Option<String> {
    let asked = Message::from_vec(query).ok()?.edns?;
    let same = match asked.option(EdnsCode::Subnet) {
        Some(EdnsOption::Subnet(asked)) => {
            asked.addr() == subnet.addr() && asked.source_prefix() == subnet.source_prefix()
        }
        _ => false,
    };
    (!same).then(|| format!("breach: the client subnet is not the one asked with: {subnet:?}"))
}

/// The addresses of a reply's answer section.
pub fn addresses(reply: &[u8]) -> Vec<IpAddr> {
    let answers = Message::from_vec(reply)
        .map(|message| message.answers)
        .unwrap_or_default();
    answers
        .iter()
        .filter_map(|record| record.data.ip_addr())
        .collect()
}

fn shown(record: &Record) -> String {
    let kind = match record.record_type() {
        RecordType::Unknown(number) => format!("TYPE{number}"),
        known => known.to_string(),
    };
    format!(
        "{} {} {kind} {}",
        record.name.to_ascii(),
        record.ttl,
        data(&record.data)
    )
}

/// RDATA as a master file has it (RFC 1035 §5.1, RFC 3597 §5).
fn data(data: &RData) -> String {
    match data {
        RData::NS(name) => name.0.to_ascii(),
        RData::CNAME(name) => name.0.to_ascii(),
        RData::PTR(name) => name.0.to_ascii(),
        RData::MX(mx) => format!("{} {}", mx.preference, mx.exchange.to_ascii()),
        RData::SRV(srv) => format!(
            "{} {} {} {}",
            srv.priority,
            srv.weight,
            srv.port,
            srv.target.to_ascii()
        ),
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            soa.mname.to_ascii(),
            soa.rname.to_ascii(),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        RData::TXT(txt) => {
            let quoted = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
            txt.txt_data
                .iter()
                .map(|bytes| quoted(bytes))
                .collect::<Vec<_>>()
                .join(" ")
        }
        RData::CAA(caa) => {
            let flags = caa.reserved_flags | u8::from(caa.issuer_critical) << 7;
            format!("{flags} {} \"{}\"", caa.tag, caa.value.escape_ascii())
        }
        RData::SVCB(svcb) => service(svcb),
        RData::HTTPS(https) => service(&https.0),
        RData::Unknown {
            code: RecordType::DNAME,
            rdata,
        } => {
            let name = Name::read(&mut BinDecoder::new(&rdata.anything));
            name.map_or_else(|e| format!("broken: {e}"), |name| name.to_ascii())
        }
        RData::Unknown { rdata, .. } => {
            let hex: String = rdata
                .anything
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("\\# {} {hex}", rdata.anything.len())
                .trim_end()
                .to_string()
        }
        other => other.to_string(),
    }
}

/// SVCB and HTTPS (RFC 9460 §2.1).
fn service(svcb: &SVCB) -> String {
    let list = |text: String| text.trim_end_matches(',').to_string();
    let mut words = vec![svcb.svc_priority.to_string(), svcb.target_name.to_ascii()];
    for (key, value) in &svcb.svc_params {
        words.push(match value {
            SvcParamValue::NoDefaultAlpn => key.to_string(),
            SvcParamValue::Alpn(alpn) => format!("{key}=\"{}\"", alpn.0.join(",")),
            other => format!("{key}={}", list(other.to_string())),
        });
    }
    words.join(" ")
}
