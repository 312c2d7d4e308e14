//! HTTPS: the certificate that is shown, who must show one, and both read again when their files change.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::aws_lc_rs;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::admin::tokens::Seen;
use crate::diagnostic::Diagnostic;
use crate::limits;

/// What HTTPS is made of, all of it PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those that lead to its root.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Who must have signed the certificate of a client; none: nobody is asked for one.
    pub client_ca: Option<PathBuf>,
}

impl Files {
    fn all(&self) -> impl Iterator<Item = &Path> {
        let files = [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()];
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// How they look; none of what changed so lately that another change would not show, or cannot be seen.
    fn look(&self) -> Vec<Option<Seen>> {
        let look = |file| Some(Seen::of(&fs::metadata(file).ok()?)).filter(Seen::settled);
        self.all().map(look).collect()
    }
}

/// The certificate in force. It is looked after before each handshake: if what its files say now cannot be used, the old
/// one goes on, and the log says why.
pub struct Locks {
    files: Files,
    held: Mutex<Held>,
}

struct Held {
    seen: Vec<Option<Seen>>,
    /// What they said when they were last read, right or wrong.
    texts: Vec<Vec<u8>>,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locks").finish_non_exhaustive()
    }
}

impl Locks {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn open(files: Files) -> Result<Locks, Vec<Diagnostic>> {
        let seen = files.look();
        let texts = read(&files)?;
        let acceptor = make(&files, &texts)?;
        let held = Mutex::new(Held {
            seen,
            texts,
            acceptor,
        });
        Ok(Locks { files, held })
    }

    /// What shakes hands with the next client.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.files.look();
        if seen != held.seen || seen.contains(&None) {
            held.seen = seen;
            held.refresh(&self.files);
        }
        held.acceptor.clone()
    }
}

impl Held {
    fn refresh(&mut self, files: &Files) {
        let texts = match read(files) {
            Ok(texts) if texts == self.texts => return,
            Ok(texts) => texts,
            // What cannot be read is told once, until it can be.
            Err(_) if self.texts.is_empty() => return,
            Err(wrong) => {
                self.texts.clear();
                return tell(&wrong);
            }
        };
        match make(files, &texts) {
            Ok(acceptor) => {
                self.acceptor = acceptor;
                tracing::info!(cert = %files.cert.display(), "a new certificate of the API is in force");
            }
            Err(wrong) => tell(&wrong),
        }
        self.texts = texts;
    }
}

fn tell(wrong: &[Diagnostic]) {
    for diagnostic in wrong {
        tracing::error!(
            "the old certificate of the API stays: {}",
            diagnostic.line()
        );
    }
}

fn wrong(file: &Path, why: &dyn fmt::Display, advice: &str) -> Diagnostic {
    Diagnostic::whole(format!("{}: {why}", file.display()), advice)
}

fn read(files: &Files) -> Result<Vec<Vec<u8>>, Vec<Diagnostic>> {
    let (mut texts, mut found) = (Vec::new(), Vec::new());
    for file in files.all() {
        let read = || -> io::Result<(u64, u32, Vec<u8>)> {
            let meta = fs::metadata(file)?;
            // Only as much as a file of certificates can have, whatever lies there.
            let small = meta.is_file() && meta.len() <= limits::TLS_FILE;
            let text = if small { fs::read(file)? } else { Vec::new() };
            Ok((meta.len(), meta.mode(), text))
        };
        match read() {
            Err(error) => found.push(wrong(file, &error, "a PEM file that the server may read")),
            Ok((length, ..)) if length > limits::TLS_FILE => {
                let why = format!("more than {} octets", limits::TLS_FILE);
                found.push(wrong(
                    file,
                    &why,
                    "a PEM file of certificates, or of one key",
                ));
            }
            Ok((_, mode, _)) if file == files.key && mode & 0o007 != 0 => {
                let why = format!("others may use it (mode {:04o})", mode & 0o7777);
                found.push(wrong(file, &why, "`chmod 600` it, and take a new key"));
            }
            Ok((.., text)) => texts.push(text),
        }
    }
    if found.is_empty() {
        Ok(texts)
    } else {
        Err(found)
    }
}

fn certificates(file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let advice = "PEM certificates, `-----BEGIN CERTIFICATE-----`, the server's own first";
    let read: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    let list = read.map_err(|error| wrong(file, &error, advice))?;
    if list.is_empty() {
        return Err(wrong(file, &"holds no certificate", advice));
    }
    Ok(list)
}

/// The texts in the order of [`Files::all`].
fn make(files: &Files, texts: &[Vec<u8>]) -> Result<TlsAcceptor, Vec<Diagnostic>> {
    let text = |at: usize| texts.get(at).map_or(&[][..], Vec::as_slice);
    let chain = certificates(&files.cert, text(0));
    let key = PrivateKeyDer::from_pem_slice(text(1)).map_err(|error| {
        let advice = "one PEM key, `-----BEGIN PRIVATE KEY-----`, without a password";
        wrong(&files.key, &error, advice)
    });
    let clients = files.client_ca.as_deref();
    let clients = clients.map(|file| Ok((file, certificates(file, text(2))?)));
    let (chain, key, clients) = match (chain, key, clients.transpose()) {
        (Ok(chain), Ok(key), Ok(clients)) => (chain, key, clients),
        (chain, key, clients) => {
            let found = [chain.err(), key.err(), clients.err()];
            return Err(found.into_iter().flatten().collect());
        }
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let refused = |error: rustls::Error| {
        vec![wrong(
            &files.cert,
            &error,
            "a certificate and the key that belongs to it",
        )]
    };
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some((file, roots)) => {
            let unfit = |error: &dyn fmt::Display| {
                vec![wrong(
                    file,
                    error,
                    "the certificates that sign those of clients",
                )]
            };
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(root).map_err(|error| unfit(&error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider);
            let verifier = verifier.build();
            builder
                .with_client_cert_verifier(verifier.map_err(|e: VerifierBuilderError| unfit(&e))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(refused)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
