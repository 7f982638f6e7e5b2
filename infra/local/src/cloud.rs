//! The cloud as a whole: starting it from a template, using it, stopping it.

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
    schedule::Schedule,
    secrets::{self, Secrets},
    stack::{Ports, Stack, bucket_name},
    storage::{self, Storage, Temporary},
    websocket::WebSocketApi,
};

/// A running cloud; dropping it ends its processes and frees its ports.
#[derive(Debug)]
#[must_use = "dropping it stops the cloud"]
pub struct Cloud {
    ports: Ports,
    /// The stage of the HTTP API as its paths begin with it.
    prefix: String,
    stage: Option<String>,
    access_key: String,
    lambda: Arc<Lambda>,
    websocket: Option<Arc<WebSocketApi>>,
    secrets: Arc<Secrets>,
    storage: Arc<Storage>,
    faults: Arc<Faults>,
    cut_off: watch::Sender<bool>,
    /// What goes on by itself.
    tasks: JoinSet<Infallible>,
    servers: Vec<Server>,
    /// Goes with the cloud, though tasks that are ending may still hold the storage.
    _temporary_files: Option<Temporary>,
}

impl Cloud {
    /// Starts the cloud; it serves when this returns. Functions start with their first call.
    ///
    /// # Errors
    /// When the template cannot be used, a function is not built, or the port is taken; the message says what to do.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let template = Template::read(&options.template)?;
        let (listeners, port) = public_port(options.port).await?;
        let settings = options.settings;
        let (own_endpoint, ports) = gateway_port(port).await?;
        let stack =
            Stack::new(template, &settings.region, options.parameters, options.database.clone(), ports)?;
        let secrets = Arc::new(Secrets::new(&stack, options.database.as_ref(), options.secrets_file)?);
        let internal = listen::free_port().await.map_err(StartError::io("a loopback port"))?;
        let access_key = format!("ASIA{}", &Uuid::new_v4().simple().to_string().to_uppercase()[..16]);
        let mut shared = functions::aws_variables(&settings.region, &access_key);
        shared.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), format!("http://{}", internal.1));
        let (files, temporary_files) = storage::folder(options.files)?;
        let storage = Arc::new(Storage::new(&stack, files, &access_key, &settings)?);
        let objects = listen::free_port().await.map_err(StartError::io("a loopback port"))?;
        shared.insert("AWS_ENDPOINT_URL_S3".to_owned(), format!("http://{}", objects.1));
        let functions = functions::declared(&stack, &options.artifacts, &settings, &shared)?;
        let log = Log(options.log);
        let output = Output::open(options.function_log.as_deref())
            .map_err(StartError::io("the log of the functions"))?;
        let faults = Arc::new(Faults::default());
        let lambda = Arc::new(Lambda::new(functions, &output, &log, &faults));
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
            tasks.spawn(schedule.run(Arc::clone(&lambda), log.clone()));
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
            websocket,
            secrets,
            storage,
            faults,
            cut_off,
            tasks,
            servers,
            _temporary_files: temporary_files,
        })
    }

    /// The distribution's address, which is the one origin; without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.ports.distribution)
    }

    /// The distribution's port.
    pub fn port(&self) -> u16 {
        self.ports.distribution
    }

    /// The HTTP API's address on API Gateway's own endpoint, with the stage; without a slash at its end.
    pub fn http_url(&self) -> String {
        format!("http://localhost:{}{}", self.ports.gateway, self.prefix)
    }

    /// The WebSocket API's address on API Gateway's own endpoint; nothing when the template has none.
    pub fn websocket_url(&self) -> Option<String> {
        self.stage.as_ref().map(|stage| format!("ws://localhost:{}/{stage}", self.ports.gateway))
    }

    /// The address of the WebSocket API's management API; nothing when the template has none.
    pub fn management_url(&self) -> Option<String> {
        self.stage.as_ref().map(|stage| format!("http://localhost:{}/{stage}", self.ports.gateway))
    }

    /// The access key that the functions have and that the management API asks for.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Calls a function by its logical id and waits for its answer.
    ///
    /// # Errors
    /// When the function fails in any way.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        let answer = self.lambda.invoke(function, Bytes::from(event.to_string())).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_else(|_| String::from_utf8_lossy(&answer).into()))
    }

    /// The processes of a function.
    pub fn environments(&self, function: &str) -> Vec<Environment> {
        self.lambda.environments(function)
    }

    /// Kills a function's process; false when it is none of this cloud's.
    pub fn kill_environment(&self, pid: u32) -> bool {
        self.lambda.kill(pid)
    }

    /// Gives a secret a new current value; its value so far becomes the previous one (`AWSPREVIOUS`). The database's secret goes by the
    /// logical id of the database.
    ///
    /// # Errors
    /// When there is no such secret, or the secrets file cannot be written.
    pub fn rotate_secret(&self, logical_id: &str, value: &str) -> Result<(), StartError> {
        let found = self.secrets.rotate(logical_id, value)?;
        if found { Ok(()) } else { Err(StartError::Unusable(format!("there is no secret {logical_id}"))) }
    }

    /// Has something go wrong: each `every`-th time that it could, and `times` times at most. It ends when what this gives is dropped.
    pub fn inject(&self, fault: Fault, every: u32, times: u32) -> Injection {
        self.faults.inject(fault, every, times)
    }

    /// Cuts the TCP connections of all WebSocket clients without a closing frame, and says how many there were. `$disconnect` is told with
    /// 1006, as at any such end.
    pub fn drop_connections(&self) -> usize {
        self.websocket.as_ref().map_or(0, |websocket| websocket.cut())
    }

    /// While this is on, no client reaches the cloud: the WebSocket connections are cut, and handshakes and HTTP requests end without an
    /// answer, those in flight too. The functions' own calls are served; `@connections` answers 410, as nothing is open.
    pub fn cut_off(&self, on: bool) {
        self.cut_off.send_replace(on);
        if on {
            self.drop_connections();
        }
    }

    /// Stores an object in a bucket, which goes by its logical id, as a deployment does.
    ///
    /// # Errors
    /// When there is no such bucket, or the object cannot be written.
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

    /// The folder with a folder for each bucket, named as the bucket, in which each object is a file.
    pub fn files(&self) -> &Path {
        self.storage.folder()
    }

    /// Ends connections and processes, frees the ports, and waits until all processes are gone.
    pub async fn stop(mut self) {
        self.shut_down();
        // KILL cannot be refused; only the kernel could hold a process for this long.
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

/// Listeners for API Gateway's own endpoint on a free port, and both ports.
async fn gateway_port(distribution: u16) -> Result<(Vec<TcpListener>, Ports), StartError> {
    let (listeners, gateway) = public_port(0).await?;
    Ok((listeners, Ports { distribution, gateway }))
}

/// Listeners for `localhost`, which is 127.0.0.1 and, where the machine has it, `::1`.
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
            // Any free port was asked for, and somebody has this one on `::1`: another one.
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(failed(error)),
            Err(_) => return Ok((vec![first], bound)),
        }
    }
}
