//! Frames of clients: a frame calls the function of its route, whose response can go to the client.

use std::{sync::Arc, time::Instant};

use serde_json::Value;
use tokio::{sync::OwnedSemaphorePermit, task::JoinHandle};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{api::WebSocketApi, connections::Connection, deliver::deliver, event, id, response};

/// A place among the frames of a connection that are processed at the same time.
pub(super) type Permit = Option<OwnedSemaphorePermit>;

/// Processes a frame that has arrived, in its own task.
pub(super) fn receive(
    api: &Arc<WebSocketApi>,
    connection: &Arc<Connection>,
    frame: Utf8Bytes,
    permit: Permit,
) {
    let (later_api, later_connection) = (Arc::clone(api), Arc::clone(connection));
    let later = move |frame| _ = process(&later_api, &later_connection, vec![frame], None);
    let frames = deliver(frame, &connection.held_frame, || api.faults.received(), later);
    process(api, connection, frames, permit);
}

/// Processes frames one after the other in a new task, and then returns the permit.
pub(super) fn process(
    api: &Arc<WebSocketApi>,
    connection: &Arc<Connection>,
    frames: Vec<Utf8Bytes>,
    permit: Permit,
) -> JoinHandle<()> {
    let (api, connection) = (Arc::clone(api), Arc::clone(connection));
    tokio::spawn(async move {
        for frame in frames {
            run(&api, &connection, &frame).await;
        }
        drop(permit);
    })
}

/// Calls the function of a frame. Its response goes to the client only on a route with a route
/// response.
async fn run(api: &WebSocketApi, connection: &Arc<Connection>, body: &str) {
    let started = Instant::now();
    let request = id::random();
    let (answer, note) = match api.routes.of_message(body) {
        None => {
            let text = format!(
                r#"{{"message":"Forbidden","connectionId":"{}","requestId":"{request}"}}"#,
                connection.id
            );
            (Some(text), "no route".to_owned())
        }
        Some(route) => {
            let event = event::message(api, connection, &route.key, &request, body);
            match api.integrate(&route.function, &event).await {
                Ok(answer) => (if route.answers { text_of(&answer) } else { None }, route.key.clone()),
                Err(problem) => (
                    Some(response::internal_error(&connection.id, &request)),
                    format!("{} {problem}", route.key),
                ),
            }
        }
    };
    if let Some(text) = answer {
        // A client that has left or reads too slowly misses it, as it would miss a push.
        _ = connection.push(text.into_bytes(), &api.faults);
    }
    api.log
        .line(|| format!("WS {note} {:.1} ms {}", started.elapsed().as_secs_f64() * 1000.0, connection.id));
}

/// The body of a function's response.
fn text_of(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    answer["body"].as_str().map(str::to_owned)
}
