//! The routes of the WebSocket API, which one function serves: the heartbeats of open connections
//! keep its process running for the other routes.

use chatchat_delivery::Delivery;
use chatchat_function::{BoxFuture, Error, Event, Viewers};
use serde_json::Value;

use crate::{
    connect, disconnect,
    frame::{Frame, answer},
    heartbeat, mark_read, send_message, typing, unknown_action,
};

type Resources = (Delivery, Viewers);

/// Serves the events of a route.
type Serve = for<'a> fn(&'a Resources, &'a Event<Frame>) -> BoxFuture<'a, Result<Value, Error>>;

/// The routes by their keys.
const ROUTES: [(&str, Serve); 7] = [
    ("$connect", |resources, event| Box::pin(connect::connect(resources, event))),
    ("$disconnect", |(delivery, _), event| Box::pin(disconnect::disconnect(&delivery.store, event))),
    ("sendMessage", |(delivery, _), event| Box::pin(answer(delivery, event, send_message::send))),
    ("markRead", |(delivery, _), event| Box::pin(answer(delivery, event, mark_read::mark))),
    ("typing", |(delivery, _), event| Box::pin(answer(delivery, event, typing::typing))),
    ("heartbeat", |(delivery, _), event| Box::pin(answer(delivery, event, heartbeat::heartbeat))),
    ("$default", |(delivery, _), event| Box::pin(answer(delivery, event, unknown_action::refuse))),
];

/// Serves an event of any route. Fails if the function does not know the route.
pub async fn serve(resources: &Resources, event: &Event<Frame>) -> Result<Value, Error> {
    let key = event.payload.route();
    let Some((_, serve)) = ROUTES.iter().find(|(known, _)| *known == key) else {
        let routes = ROUTES.map(|(key, _)| key).join(", ");
        return Err(Error::internal(format!("there is no route {key:?}; the routes are: {routes}")));
    };
    serve(resources, event).await
}
