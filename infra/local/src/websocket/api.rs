//! The state that all connections of the WebSocket API share.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use serde_json::Value;

use super::{connections::Connections, rate::RateLimit, routes::Routes};
use crate::{
    error::StartError,
    faults::Faults,
    lambda::{InvokeError, Lambda},
    log::Log,
    settings::Settings,
    stack::{Stack, api_id},
};

/// The WebSocket API of the template.
#[derive(Debug)]
pub(crate) struct WebSocketApi {
    pub(super) id: String,
    pub(super) stage: String,
    pub(super) routes: Routes,
    pub(super) connections: Connections,
    pub(super) new_connections: RateLimit,
    /// The access key that the management API accepts.
    pub(super) access_key: String,
    pub(super) lambda: Arc<Lambda>,
    pub(super) faults: Arc<Faults>,
    pub(super) settings: Settings,
    pub(super) log: Log,
}

/// Why a function returned no response.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
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
            new_connections: RateLimit::new(settings.connects_per_second),
            access_key,
            lambda,
            faults,
            settings,
            log,
        }))
    }

    /// Returns the name of the stage, which is the first part of every path of this API.
    pub(crate) fn stage(&self) -> &str {
        &self.stage
    }

    /// Closes all connections and accepts no new ones.
    pub(crate) fn close(&self) {
        self.connections.close();
    }

    /// Cuts all connections. Returns their number.
    pub(crate) fn cut(&self) -> usize {
        self.connections.cut()
    }

    /// Calls a function. Waits for its response until the integration limit.
    pub(super) async fn integrate(&self, function: &str, event: &Value) -> Result<Bytes, Failure> {
        let limit = self.settings.websocket_integration_limit;
        match tokio::time::timeout(limit, self.lambda.invoke(function, Bytes::from(event.to_string()))).await
        {
            Ok(answer) => answer.map_err(Failure::Function),
            Err(_) => Err(Failure::TooSlow(limit)),
        }
    }
}
