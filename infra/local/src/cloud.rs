//! The cloud: starting it from a template, controlling it, and stopping it.

use std::{
    convert::Infallible,
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{body::Bytes, http::header};
use chatchat_template::Template;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use uuid::Uuid;

use crate::{
    Database,
    clock::Clock,
    distribution::{self, Distribution},
    error::StartError,
    faults::{Fault, Faults, Injection},
    functions,
    gateway::{self, Gateway},
    http_api::HttpApi,
    lambda::{Environment, InvokeError, Lambda, Output},
    listen::{self, Server},
    log::Log,
    options::Options,
    relay::{Relay, Service, Traffic},
    schedule::Schedule,
    secrets::{self, Secrets},
    stack::{Ports, Stack, bucket_name},
    storage::{self, Storage, Temporary},
    websocket::WebSocketApi,
};

/// A running cloud. Dropping it ends its processes and frees its ports.
#[derive(Debug)]
#[must_use = "dropping it stops the cloud"]
pub struct Cloud {
    ports: Ports,
    /// What the paths of the HTTP API begin with: a slash and the stage.
    prefix: String,
    stage: Option<String>,
    access_key: String,
    lambda: Arc<Lambda>,
    clock: Clock,
    websocket: Option<Arc<WebSocketApi>>,
    secrets: Arc<Secrets>,
    storage: Arc<Storage>,
    faults: Arc<Faults>,
    cut_off: watch::Sender<bool>,
    relays: Vec<(Service, Relay)>,
    /// Schedules, and the end of idle processes.
    tasks: JoinSet<Infallible>,
    servers: Vec<Server>,
    /// Removed with the cloud, even if a task that is ending still holds the storage.
    _temporary_files: Option<Temporary>,
}

impl Cloud {
    /// Starts the cloud. It serves requests when this returns. A function's first process starts
    /// with its first call.
    ///
    /// # Errors
    /// If the template is invalid, a function is not built, or the port is in use. The message says
    /// what to do.
    pub async fn start(mut options: Options) -> Result<Self, StartError> {
        let template = Template::read(&options.template)?;
        let (listeners, port) = public_port(options.port).await?;
        let settings = options.settings;
        let (own_endpoint, ports) = gateway_port(port).await?;
        let mut relays = Relays { on: options.relays, started: Vec::new() };
        if let Some(Database { host, port, .. }) = &mut options.database {
            (*host, *port) = relays.start(Service::Database, host.clone(), *port).await?;
        }
        let stack =
            Stack::new(template, &settings.region, options.parameters, options.database.clone(), ports)?;
        let secrets = Arc::new(Secrets::new(&stack, options.database.as_ref(), options.secrets_file)?);
        let internal = listen::free_port().await.map_err(StartError::io("a loopback port"))?;
        let access_key = format!("ASIA{}", &Uuid::new_v4().simple().to_string().to_uppercase()[..16]);
        let mut shared = functions::aws_variables(&settings.region, &access_key);
        let endpoint = relays.url(Service::Secrets, internal.1.port()).await?;
        shared.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), endpoint);
        let (files, temporary_files) = storage::folder(options.files)?;
        let storage = Arc::new(Storage::new(&stack, files, &access_key, &settings)?);
        let objects = listen::free_port().await.map_err(StartError::io("a loopback port"))?;
        let endpoint = relays.url(Service::Storage, objects.1.port()).await?;
        shared.insert("AWS_ENDPOINT_URL_S3".to_owned(), endpoint);
        let mut functions = functions::declared(&stack, &options.artifacts, &settings, &shared)?;
        if options.relays {
            let own_endpoint_url = format!("http://localhost:{}", ports.gateway);
            let relay = relays.url(Service::Management, ports.gateway).await?;
            for value in functions.iter_mut().flat_map(|function| function.variables.values_mut()) {
                *value = value.replace(&own_endpoint_url, &relay);
            }
        }
        let log = Log(options.log);
        let output = Output::open(options.function_log.as_deref(), options.function_logs.as_deref())
            .map_err(StartError::io("the log of the functions"))?;
        let faults = Arc::new(Faults::default());
        let clock = Clock::default();
        let lambda = Arc::new(Lambda::new(functions, &output, &log, &faults, &clock, options.calls));
        let websocket = WebSocketApi::new(
            &stack,
            Arc::clone(&lambda),
            access_key.clone(),
            Arc::clone(&faults),
            settings.clone(),
            log.clone(),
        )?
        .map(Arc::new);
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&lambda).end_idle_environments(settings.idle_environment_limit));
        for schedule in Schedule::declared(&stack, &settings)? {
            tasks.spawn(schedule.run(Arc::clone(&lambda), clock.clone(), log.clone()));
        }
        let http = HttpApi::new(&stack, Arc::clone(&lambda), settings, log.clone())?.map(Arc::new);
        let prefix = http.as_ref().map(|http| http.prefix()).unwrap_or_default();
        let cut_off = watch::Sender::new(false);
        let gateway = Gateway { http, websocket: websocket.clone(), cut_off: cut_off.subscribe() };
        let distribution = Distribution::declared(&stack, &gateway, &storage, &log)?;
        let public = distribution::router(distribution, cut_off.subscribe());
        let own = gateway::router(gateway);
        let mut servers = vec![
            listen::serve_functions(internal.0, secrets::router(Arc::clone(&secrets), Arc::clone(&faults))),
            listen::serve_functions(objects.0, storage::router(Arc::clone(&storage), Arc::clone(&faults))),
        ];
        servers.extend(listeners.into_iter().map(|listener| listen::serve(listener, public.clone())));
        servers.extend(own_endpoint.into_iter().map(|listener| listen::serve(listener, own.clone())));
        let stage = websocket.as_ref().map(|api| api.stage().to_owned());
        Ok(Self {
            ports,
            prefix,
            stage,
            access_key,
            lambda,
            clock,
            websocket,
            secrets,
            storage,
            faults,
            cut_off,
            relays: relays.started,
            tasks,
            servers,
            _temporary_files: temporary_files,
        })
    }

    /// The distribution's address, which is the only origin; without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.ports.distribution)
    }

    /// The distribution's port.
    pub fn port(&self) -> u16 {
        self.ports.distribution
    }

    /// The HTTP API's address on API Gateway's own endpoint, with the stage; without a slash at its
    /// end.
    pub fn http_url(&self) -> String {
        format!("http://localhost:{}{}", self.ports.gateway, self.prefix)
    }

    /// The WebSocket API's address on API Gateway's own endpoint; `None` if the template has no
    /// WebSocket API.
    pub fn websocket_url(&self) -> Option<String> {
        self.stage.as_ref().map(|stage| format!("ws://localhost:{}/{stage}", self.ports.gateway))
    }

    /// The address of the WebSocket API's management API; `None` if the template has no WebSocket
    /// API.
    pub fn management_url(&self) -> Option<String> {
        self.stage.as_ref().map(|stage| format!("http://localhost:{}/{stage}", self.ports.gateway))
    }

    /// The access key of the functions, which the management API requires.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Calls a function by its logical id and waits for its response.
    ///
    /// # Errors
    /// If the function fails in any way.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        let answer = self.lambda.invoke(function, Bytes::from(event.to_string())).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_else(|_| String::from_utf8_lossy(&answer).into()))
    }

    /// The processes of a function.
    pub fn environments(&self, function: &str) -> Vec<Environment> {
        self.lambda.environments(function)
    }

    /// Kills a function's process. Returns false if this cloud has no such process.
    pub fn kill_environment(&self, pid: u32) -> bool {
        self.lambda.kill(pid)
    }

    /// The clock of schedules and of the idle life of processes.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sets a secret's current value. The former value becomes the previous one (`AWSPREVIOUS`).
    /// The database's secret has the logical id of the database.
    ///
    /// # Errors
    /// If the secret does not exist, or the secrets file cannot be written.
    pub fn rotate_secret(&self, logical_id: &str, value: &str) -> Result<(), StartError> {
        let found = self.secrets.rotate(logical_id, value)?;
        if found { Ok(()) } else { Err(StartError::Unusable(format!("there is no secret {logical_id}"))) }
    }

    /// Injects a fault. The fault happens at every `every`-th opportunity, at most `times` times,
    /// until the injection is dropped.
    pub fn inject(&self, fault: Fault, every: u32, times: u32) -> Injection {
        self.faults.inject(fault, every, times)
    }

    /// Cuts the TCP connections of all WebSocket clients without a closing frame. `$disconnect`
    /// gets the code 1006, as whenever a connection is cut. Returns the number of clients.
    pub fn drop_connections(&self) -> usize {
        self.websocket.as_ref().map_or(0, |websocket| websocket.cut())
    }

    /// Cuts clients off from the cloud until it is called with `false`. WebSocket connections are
    /// cut. Handshakes and HTTP requests, including those in progress, end without a response. The
    /// functions' own calls are served; `@connections` answers 410, because no connection is open.
    pub fn cut_off(&self, on: bool) {
        self.cut_off.send_replace(on);
        if on {
            self.drop_connections();
        }
    }

    /// Makes the functions' open connections to the database silent: they accept what a function
    /// sends and never answer. New connections work. Returns the number of silent connections,
    /// which is 0 without [`Options::relays`].
    pub fn silence_database(&self) -> usize {
        self.relay(Service::Database).map_or(0, Relay::silence)
    }

    /// Counts what the functions sent to a service since the start. The counts are 0 without
    /// [`Options::relays`].
    pub fn traffic(&self, service: Service) -> Traffic {
        self.relay(service).map(Relay::traffic).unwrap_or_default()
    }

    fn relay(&self, service: Service) -> Option<&Relay> {
        self.relays.iter().find(|(of, _)| *of == service).map(|(_, relay)| relay)
    }

    /// Stores an object in a bucket, as a deployment does. `bucket` is the bucket's logical id.
    ///
    /// # Errors
    /// If the bucket does not exist, or the object cannot be written.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        content_type: &str,
        cache_control: &str,
        content: Vec<u8>,
    ) -> Result<(), StartError> {
        let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache_control)];
        let put = self.storage.put(&bucket_name(bucket), key, headers, content).await;
        put.map_err(|status| {
            StartError::Unusable(format!("the object {key} cannot be stored in {bucket}: {status}"))
        })
    }

    /// The folder that contains a folder for each bucket, with the bucket's name, in which each
    /// object is a file.
    pub fn files(&self) -> &Path {
        self.storage.folder()
    }

    /// Ends connections and processes, frees the ports, and waits until all processes have ended.
    pub async fn stop(mut self) {
        self.shut_down();
        // SIGKILL cannot be ignored. A process that is still running then is blocked in the kernel.
        _ = tokio::time::timeout(Duration::from_secs(10), self.lambda.ended()).await;
    }

    fn shut_down(&mut self) {
        self.tasks.abort_all();
        if let Some(websocket) = &self.websocket {
            websocket.close();
        }
        self.servers.clear();
        self.lambda.close();
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Starts relays, if there are any.
struct Relays {
    on: bool,
    started: Vec<(Service, Relay)>,
}

impl Relays {
    /// Returns the host and port at which the functions reach a service.
    async fn start(
        &mut self,
        service: Service,
        host: String,
        port: u16,
    ) -> Result<(String, u16), StartError> {
        if !self.on {
            return Ok((host, port));
        }
        let relay = Relay::start(host, port).await.map_err(StartError::io("a loopback port"))?;
        let port = relay.port();
        self.started.push((service, relay));
        Ok((Ipv4Addr::LOCALHOST.to_string(), port))
    }

    /// Returns the URL at which the functions reach a service of this process.
    async fn url(&mut self, service: Service, port: u16) -> Result<String, StartError> {
        let (host, port) = self.start(service, Ipv4Addr::LOCALHOST.to_string(), port).await?;
        Ok(format!("http://{host}:{port}"))
    }
}

/// Listens for API Gateway's own endpoint on a free port. Returns the listeners and both ports.
async fn gateway_port(distribution: u16) -> Result<(Vec<TcpListener>, Ports), StartError> {
    let (listeners, gateway) = public_port(0).await?;
    Ok((listeners, Ports { distribution, gateway }))
}

/// Listens on `localhost`, which is 127.0.0.1 and, if the machine has IPv6, `::1`.
async fn public_port(port: u16) -> Result<(Vec<TcpListener>, u16), StartError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::io(format!("port {port}"))(error),
    };
    loop {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let bound = first.local_addr().map_err(failed)?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, bound)).await {
            Ok(second) => return Ok((vec![first, second], bound)),
            // Any port is acceptable, and another program uses this one on `::1`: try another port.
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(failed(error)),
            Err(_) => return Ok((vec![first], bound)),
        }
    }
}
