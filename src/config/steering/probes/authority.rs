//! `ca` of a probe: a file of certificates whose word counts.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::config::document::Entry;
use crate::config::findings::Findings;
use crate::config::values;
use crate::diagnostic::Include;
use crate::limits;

const ADVICE: &str = "name a PEM file of certificates, each between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----`";

/// The certificates of the file that `field` names, in DER, if each of them can be trusted.
pub(super) fn read(
    field: Entry<'_>,
    files: &Include<'_>,
    findings: &mut Findings,
) -> Option<Vec<Vec<u8>>> {
    let word = values::text(field, "a path", findings)?;
    let source = match files(word.text, word.at.rank().0) {
        Ok(source) => source,
        Err(refusal) => {
            findings.error(word.at, refusal.message, refusal.advice);
            return None;
        }
    };
    match certificates(&source.text) {
        Ok(list) => Some(list),
        Err(why) => {
            let message = format!("`{}`: {why}", source.path);
            findings.error(word.at, message, ADVICE);
            None
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    if pem.len() > limits::PROBE_CA {
        return Err(format!("it holds more than {} octets", limits::PROBE_CA));
    }
    let mut trusted = RootCertStore::empty();
    let mut all = Vec::new();
    for (nth, read) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        if nth > limits::PROBE_AUTHORITIES {
            let most = limits::PROBE_AUTHORITIES;
            return Err(format!("it holds more than {most} certificates"));
        }
        let der = read.map_err(|error| format!("its certificate {nth} cannot be read: {error}"))?;
        all.push(der.to_vec());
        trusted
            .add(der)
            .map_err(|error| format!("its certificate {nth} cannot be trusted: {error}"))?;
    }
    if all.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(all)
}
