//! The connection to the database: a pool of one, because an execution environment of Lambda
//! handles one request at a time.

use std::{error::Error, future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use chatchat_domain::causes;
use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{sync::RwLock, task::JoinHandle, try_join};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The time limit for opening a connection. It is longer than opening a TLS connection to a loaded
/// database takes, and shorter than the deadline of any request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// For how long the server may leave sent data or keepalive probes without a reply (Linux only).
/// The kernel then closes the connection, also while a function waits for a slow statement. A
/// frozen environment neither sends probes nor answers those of the server.
const REPLY_TIMEOUT: Duration = Duration::from_secs(3);

/// The root certificates for verifying RDS and RDS Proxy.
const RDS_CA: &[u8] = include_bytes!("../rds-ca.pem");

/// Where the database is.
#[derive(Clone, Debug)]
pub struct Database {
    /// A host name, or a loopback address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The name of the database.
    pub name: String,
}

/// A role and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the role.
    pub user: String,
    /// The role's password.
    pub password: String,
}

/// Why credentials could not be read.
pub type CredentialsError = Box<dyn Error + Send + Sync>;

/// Which credentials to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsVersion {
    /// Those in use.
    Current,
    /// Those that a rotation in progress is about to make current.
    Pending,
}

/// Reads credentials: the current ones at the start, and both versions each time the database
/// rejects those that are known. Returns `None` for a version that does not exist.
pub type CredentialsSource = Box<
    dyn Fn(
            CredentialsVersion,
        ) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, CredentialsError>> + Send>>
        + Send
        + Sync,
>;

/// Creates the pool of one connection, which is opened at the first use.
pub(crate) async fn pool(database: &Database, source: CredentialsSource) -> Result<Pool, CredentialsError> {
    let mut config = Config::new();
    config
        .host(&database.host)
        .port(database.port)
        .dbname(&database.name)
        .application_name("chatchat")
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_user_timeout(REPLY_TIMEOUT)
        .keepalives_idle(Duration::from_secs(2))
        .keepalives_interval(Duration::from_secs(1))
        .keepalives_retries(2);
    // The certificates are parsed while the request for the credentials is in progress.
    let tls = async { if is_loopback(&database.host) { Ok(None) } else { verified_tls().map(Some) } };
    let (current, tls) = try_join!(source(CredentialsVersion::Current), tls)?;
    let credentials = RwLock::new(current.ok_or("there are no current credentials")?);
    if tls.is_some() {
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
    }
    let manager = Manager::from_connect(
        config,
        Connector { credentials: Arc::new(credentials), source: Arc::new(source), tls },
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    Ok(Pool::builder(manager)
        .max_size(1)
        .wait_timeout(Some(CONNECT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .runtime(Runtime::Tokio1)
        .build()?)
}

/// Whether `host` is a loopback address or `localhost`.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// TLS that trusts only Amazon's root certificates and verifies the host's name.
fn verified_tls() -> Result<MakeRustlsConnect, CredentialsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(RDS_CA) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Opens connections with the current credentials.
struct Connector {
    credentials: Arc<RwLock<Credentials>>,
    source: Arc<CredentialsSource>,
    tls: Option<MakeRustlsConnect>,
}

type Connected = (Client, JoinHandle<()>);

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<Connected, tokio_postgres::Error>> + Send + '_>> {
        let mut config = config.clone();
        Box::pin(async move {
            self.set_credentials(&mut config).await;
            let mut answer = open(&config, self.tls.clone()).await;
            // If the database rejects them, the credentials were rotated, or a rotation is in
            // progress: it changes the role's password first and the current version later.
            for version in [CredentialsVersion::Current, CredentialsVersion::Pending] {
                if !answer.as_ref().is_err_and(rejects_credentials) {
                    break;
                }
                match (self.source)(version).await {
                    Ok(Some(fresh)) => *self.credentials.write().await = fresh,
                    Ok(None) => continue,
                    Err(error) => {
                        tracing::error!(
                            error = causes(&*error),
                            "the database's credentials could not be read again"
                        );
                        break;
                    }
                }
                self.set_credentials(&mut config).await;
                answer = open(&config, self.tls.clone()).await;
            }
            answer
        })
    }
}

/// Whether the server rejected the credentials. PostgreSQL answers 28P01 to a wrong password, and
/// 28000 to a role that may not log in. PgBouncer, which checks the password itself, answers 08P01
/// in both cases, and also for any other error.
fn rejects_credentials(error: &tokio_postgres::Error) -> bool {
    const REJECTIONS: [SqlState; 3] = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::PROTOCOL_VIOLATION,
    ];
    error.code().is_some_and(|code| REJECTIONS.contains(code))
}

impl Connector {
    async fn set_credentials(&self, config: &mut Config) {
        let credentials = self.credentials.read().await;
        config.user(&credentials.user).password(&credentials.password);
    }
}

async fn open(config: &Config, tls: Option<MakeRustlsConnect>) -> Result<Connected, tokio_postgres::Error> {
    Ok(if let Some(tls) = tls {
        let (client, connection) = config.connect(tls).await?;
        (client, tokio::spawn(drive(connection)))
    } else {
        let (client, connection) = config.connect(NoTls).await?;
        (client, tokio::spawn(drive(connection)))
    })
}

/// Drives a connection until it closes. Nothing reacts to that; the next statement opens a new one.
async fn drive(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::warn!(error = causes(&error), "the connection to the database closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_connect_without_tls() {
        for host in ["127.0.0.1", "127.8.8.8", "::1", "localhost"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["10.0.0.1", "db.abc.ap-northeast-2.rds.amazonaws.com", "localhost.example.com", "0.0.0.0", ""]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn every_root_certificate_is_accepted() {
        assert!(verified_tls().is_ok());
        assert!(CertificateDer::pem_slice_iter(RDS_CA).count() > 80);
    }
}
