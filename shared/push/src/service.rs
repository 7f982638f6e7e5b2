//! The service of the artifacts that push.

use chatchat_lambda::{Core, Error, Serve, StartError, optional};

use crate::Delivery;

/// What routes work with that push to connections.
pub struct Service {
    /// As in every artifact.
    pub core: Core,
    delivery: Option<Delivery>,
}

impl Service {
    /// Starts with the delivery if the function's environment says where the connections are.
    pub async fn start() -> Result<Self, StartError> {
        let core = Core::start().await?;
        let delivery = optional("WEBSOCKET_MANAGEMENT_URL")
            .map(|endpoint| Delivery::new(core.store.clone(), &core.aws, &endpoint));
        Ok(Self { core, delivery })
    }

    /// For the routes that push; the template gives their functions the address.
    pub fn delivery(&self) -> Result<&Delivery, Error> {
        self.delivery.as_ref().ok_or_else(|| Error::internal("WEBSOCKET_MANAGEMENT_URL is not set"))
    }
}

impl Serve for Service {
    fn core(&self) -> &Core {
        &self.core
    }

    fn push_ms(&self) -> Option<f64> {
        self.delivery.as_ref().map(|delivery| delivery.connections.take_elapsed_ms())
    }
}
