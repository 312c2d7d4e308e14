//! Whom probes trust, and what is wrong with a certificate.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::config::estate::Authority;

/// How TLS is spoken by those who trust this authority; none: those whom browsers trust.
pub(in crate::probe) fn config(ca: Option<&Authority>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(authority) => {
            for der in &authority.certificates {
                let added = roots.add(CertificateDer::from(der.as_slice()));
                added.map_err(|error| error.to_string())?;
            }
        }
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // A session that goes on shows no certificate, and one that has expired since would not be seen.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What a failed handshake says.
pub(super) fn words(error: &Error, host: &str) -> String {
    let Error::InvalidCertificate(wrong) = error else {
        return match error {
            Error::AlertReceived(alert) => format!("the server refuses: {alert:?}"),
            other => other.to_string(),
        };
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is not for `{host}`")
        }
        CertificateError::UnknownIssuer => {
            "the certificate is from an authority that is not trusted".to_owned()
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        other => format!("the certificate is wrong: {other}"),
    }
}
