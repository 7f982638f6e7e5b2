//! The WebSocket API: connections, the routes of their messages, and the management API.

mod connections;
mod event;
mod handshake;
mod management;
mod routes;
mod session;
mod tampering;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;

use crate::error::StartError;
use crate::faults::Faults;
use crate::lambda::{InvokeError, Lambda};
use crate::log::Log;
use crate::settings::Settings;
use crate::stack::{Stack, api_id};
use connections::Connections;
use handshake::Rate;
use routes::Routes;

pub(crate) use handshake::is_upgrade;

/// The WebSocket API of the template.
#[derive(Debug)]
pub(crate) struct WebSocketApi {
    id: String,
    stage: String,
    routes: Routes,
    connections: Connections,
    new_connections: Rate,
    /// Who may use the management API.
    access_key: String,
    lambda: Arc<Lambda>,
    faults: Arc<Faults>,
    settings: Settings,
    log: Log,
}

/// Why an integration gave nothing.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Function(InvokeError),
    #[error("no answer within {0:?}")]
    TooSlow(Duration),
}

impl WebSocketApi {
    pub(crate) fn new(
        stack: &Stack,
        lambda: Arc<Lambda>,
        access_key: String,
        faults: Arc<Faults>,
        settings: Settings,
        log: Log,
    ) -> Result<Option<Self>, StartError> {
        let Some(api) = stack.template.websocket_api()? else {
            return Ok(None);
        };
        let stage = stack.text("StageName", &api.stage)?.unwrap_or_default();
        let routes =
            Routes::new(&api.route_selection_expression, api.routes).map_err(StartError::Unusable)?;
        Ok(Some(Self {
            id: api_id(&api.id),
            stage,
            routes,
            connections: Connections::default(),
            new_connections: Rate::new(settings.connects_per_second),
            access_key,
            lambda,
            faults,
            settings,
            log,
        }))
    }

    /// The name of the stage: the first part of every path of this API.
    pub(crate) fn stage(&self) -> &str {
        &self.stage
    }

    /// Closes all connections and takes no new ones.
    pub(crate) fn close(&self) {
        self.connections.close();
    }

    /// Cuts all connections off, and says how many there were.
    pub(crate) fn cut(&self) -> usize {
        self.connections.cut()
    }

    async fn integrate(&self, function: &str, event: &Value) -> Result<Bytes, Failure> {
        let limit = self.settings.websocket_integration_limit;
        match tokio::time::timeout(limit, self.lambda.invoke(function, Bytes::from(event.to_string()))).await
        {
            Ok(answer) => answer.map_err(Failure::Function),
            Err(_) => Err(Failure::TooSlow(limit)),
        }
    }
}
