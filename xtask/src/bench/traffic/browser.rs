//! A browser with one page, which makes the calls of an action.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chatchat_harness::{Answer, Client, Failure, PASSWORD, Socket};
use chatchat_local::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    calls::Call,
    tally::{Tally, WAITED},
};

/// The age of an access token from which the next call also refreshes it: 95 % of 30 minutes.
const STALE: Duration = Duration::from_secs(1710);
/// How long a frame waits for the connection.
const CONNECTING: Duration = Duration::from_mins(1);

/// What all browsers share.
pub struct World {
    pub clock: Clock,
    pub tally: Arc<Tally>,
    /// The company and one of its FAQ entries.
    pub company: i64,
    pub entry: i64,
}

/// The room of a conversation.
#[derive(Default)]
pub struct Room {
    /// 0 until the room is open.
    id: AtomicI64,
    /// The number of messages that were sent on this day.
    sent: AtomicI64,
}

/// A browser of a customer or of an employee.
pub struct Browser {
    world: Arc<World>,
    client: Client,
    /// `customer` or `company`, as in paths.
    kind: &'static str,
    username: String,
    session: Mutex<Session>,
    /// Frames for the connection, which closes when this is replaced.
    connection: watch::Sender<Option<mpsc::UnboundedSender<Value>>>,
}

#[derive(Clone, Default)]
struct Session {
    cookie: String,
    token: String,
    /// The clock's time at which the token was issued.
    issued: Duration,
}

type Work = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

impl Browser {
    pub fn new(world: &Arc<World>, client: Client, kind: &'static str, username: String) -> Self {
        let (world, session) = (Arc::clone(world), Mutex::default());
        Self { world, client, kind, username, session, connection: watch::Sender::new(None) }
    }

    /// Makes calls at the same time, and each call's next ones after it.
    pub fn perform(self: Arc<Self>, calls: &'static [Call], room: Arc<Room>) -> Work {
        Box::pin(async move {
            let mut tasks = JoinSet::new();
            for call in calls {
                let (browser, room) = (Arc::clone(&self), Arc::clone(&room));
                tasks.spawn(async move {
                    let made = browser.call(call, &room).await;
                    made.map_err(|error| format!("{}: {error}", call.route))?;
                    browser.perform(call.then, room).await
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended??;
            }
            Ok(())
        })
    }

    async fn call(&self, call: &Call, room: &Room) -> Result<(), Failure> {
        match call.route {
            "$connect" => Ok(()),
            "$disconnect" => {
                self.connection.send_replace(None);
                Ok(())
            }
            // A ticket is for one connection, which is opened with it.
            "POST /realtime/tickets" => {
                let connect = call.then.iter().find(|next| next.route == "$connect");
                let ticket = self.request(call, room).await?;
                let url = self.client.socket_address(ticket.body["url"].as_str().unwrap_or_default());
                self.connect(&url, connect.is_some_and(|connect| connect.is_waited_for)).await
            }
            route if route.contains(' ') => {
                let renewal = self.is_stale(route).then(|| format!("POST /{}/token", self.kind));
                let renew = async {
                    match &renewal {
                        Some(route) => self.send(route, false, &Value::Null).await.map(drop),
                        None => Ok(()),
                    }
                };
                let (answer, renewed) = tokio::join!(self.request(call, room), renew);
                renewed?;
                if let Some(id) = answer?.body["chatRoomId"].as_i64() {
                    room.id.store(id, Ordering::Relaxed);
                }
                Ok(())
            }
            _ => self.send_frame(call, room).await,
        }
    }

    /// Whether a call with this route also refreshes the access token, in the background.
    fn is_stale(&self, route: &str) -> bool {
        let now = self.world.clock.now();
        let mut session = self.session();
        let is_stale = !route.contains("/token") && !session.token.is_empty() && now > session.issued + STALE;
        if is_stale {
            session.issued = now;
        }
        is_stale
    }

    async fn request(&self, call: &Call, room: &Room) -> Result<Answer, Failure> {
        let World { company, entry, .. } = &*self.world;
        let id = room.id.load(Ordering::Relaxed);
        let route = call.route.replace("{room}", &id.to_string());
        let route = route.replace("{company}", &company.to_string()).replace("{entry}", &entry.to_string());
        let body = match call.route {
            "POST /customers" => json!({
                "username": self.username, "password": PASSWORD, "confirmPassword": PASSWORD,
                "name": "김하늘",
            }),
            "POST /customer/session" | "POST /company/session" => {
                json!({ "username": self.username, "password": PASSWORD })
            }
            "POST /customer/chatrooms" => json!({ "companyId": company }),
            "POST /auto-replies/{entry}" => {
                json!({ "chatRoomId": id, "clientMessageId": uuid::Uuid::new_v4() })
            }
            _ => Value::Null,
        };
        self.send(&route, call.is_waited_for, &body).await
    }

    async fn send(&self, route: &str, is_waited_for: bool, body: &Value) -> Result<Answer, Failure> {
        let (method, path) = route.split_once(' ').ok_or("a route has a method and a path")?;
        let mut request = self.client.request(Method::from_bytes(method.as_bytes())?, path);
        let Session { cookie, token, .. } = self.session().clone();
        if is_waited_for {
            request = request.header(WAITED, "yes");
        }
        let uses_cookie = path.ends_with("/token") || path.ends_with("/session");
        if uses_cookie && !cookie.is_empty() {
            request = request.header("cookie", &cookie);
        }
        if !uses_cookie && !token.is_empty() {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = Box::pin(request.send()).await?;
        // The page of a person without an account finds out that there is no session.
        let is_expected = path.ends_with("/token") && cookie.is_empty();
        if answer.status >= 400 && !is_expected {
            return Err(format!("{}: {}", answer.status, answer.body).into());
        }
        if let Some(token) = answer.body["accessToken"].as_str() {
            let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
            let issued = self.world.clock.now();
            *self.session() = Session { cookie, token: token.to_owned(), issued };
        }
        Ok(answer)
    }

    /// Opens a connection, which replaces the one before.
    async fn connect(&self, url: &str, is_waited_for: bool) -> Result<(), Failure> {
        let waited = [(WAITED, "yes")];
        let headers = if is_waited_for { &waited[..] } else { &[] };
        let handshake = Socket::handshake(url, headers).await;
        let mut socket = handshake.map_err(|status| format!("the handshake failed with status {status}"))?;
        let (sender, mut frames) = mpsc::unbounded_channel::<Value>();
        let tally = Arc::clone(&self.world.tally);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    frame = frames.recv() => match frame {
                        Some(frame) if socket.send(&frame).await.is_ok() => {}
                        _ => break,
                    },
                    event = socket.receive() => match event {
                        Some(event) if event["type"] == "error" => tally.frame_failed(&event),
                        Some(_) => {}
                        None => break,
                    },
                }
            }
            _ = socket.close().await;
        });
        self.connection.send_replace(Some(sender));
        Ok(())
    }

    /// Sends a frame and waits until its function has ended.
    async fn send_frame(&self, call: &Call, room: &Room) -> Result<(), Failure> {
        let action = call.route;
        let id = room.id.load(Ordering::Relaxed);
        let mut frame = match action {
            "sendMessage" => {
                room.sent.fetch_add(1, Ordering::Relaxed);
                let message = uuid::Uuid::new_v4();
                json!({ "action": action, "roomId": id, "clientMessageId": message, "content": "내일 여나요?" })
            }
            // The guide message of the room has the seq 1.
            "markRead" => {
                json!({ "action": action, "roomId": id, "seq": 1 + room.sent.load(Ordering::Relaxed) })
            }
            "heartbeat" => json!({ "action": action, "rooms": [] }),
            _ => json!({ "action": action, "roomId": id }),
        };
        frame[WAITED] = json!(if call.is_waited_for { "yes" } else { "no" });
        let mut connection = self.connection.subscribe();
        let connected = timeout(CONNECTING, connection.wait_for(Option::is_some)).await;
        let sender = connected.map_err(|_| "there is no connection")??.clone();
        let number = self.world.tally.frame();
        sender.ok_or("there is no connection")?.send(frame).map_err(|_| "the connection has ended")?;
        self.world.tally.frames_end(number).await
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
