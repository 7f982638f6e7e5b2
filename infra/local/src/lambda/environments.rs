//! The execution environments of one function: starts the processes that the pool asks for, and
//! serves the Runtime API to them.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use tokio::{
    sync::{Notify, oneshot, watch},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{
    InvokeError,
    call::{Call, route_of},
    function::Function,
    pool::{NewProcess, Pool, SharedPool},
    process::{Output, Process},
    runtime_api,
    slot::Environment,
    twice::submit_twice,
};
use crate::{clock::Clock, faults::Faults, guard, listen, log::Log};

#[derive(Debug)]
pub(super) struct Environments {
    function: Arc<Function>,
    output: Output,
    faults: Arc<Faults>,
    pool: SharedPool,
    process_ended: Notify,
}

impl Environments {
    pub(super) fn new(
        function: Function,
        output: Output,
        log: Log,
        faults: Arc<Faults>,
        clock: Clock,
    ) -> Self {
        let output = output.of(&function.id);
        let function = Arc::new(function);
        let pool = SharedPool::new(Pool::new(Arc::clone(&function), log, Arc::clone(&faults), clock));
        Self { function, output, faults, pool, process_ended: Notify::new() }
    }

    /// Calls the function and waits for its result. Sets `is_cold` if the call has to start a
    /// process.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        event: Bytes,
        is_cold: &mut bool,
    ) -> Result<Bytes, InvokeError> {
        let limit = self.function.event_limit;
        if event.len() > limit {
            return Err(InvokeError::EventTooLarge { bytes: event.len(), limit });
        }
        let (answer, answered) = oneshot::channel();
        let route = if self.faults.any() { route_of(&event) } else { None };
        if let Some(pending) = self.faults.deactivates(&self.function.id, route.as_deref()) {
            self.pool.lock().deactivate(pending);
            return Err(InvokeError::NotActive("Inactive"));
        }
        let twice = self.faults.delivers_twice(&self.function.id, route.as_deref());
        let call = Call { id: Uuid::new_v4(), event, route, answer };
        let (id, started) = (call.id, Instant::now());
        match twice {
            None => *is_cold = self.submit(call)?,
            Some(count) => {
                let environments = Arc::clone(self);
                submit_twice(call, count % 2 == 1, move |call| environments.submit(call).map(drop))?;
            }
        }
        let result = answered.await.unwrap_or(Err(InvokeError::Stopped));
        if let Some(status) = result.as_ref().err().and_then(InvokeError::status) {
            self.output.report(id, started.elapsed(), status);
        }
        result
    }

    /// Returns whether processes have to be started for the call.
    fn submit(self: &Arc<Self>, call: Call) -> Result<bool, InvokeError> {
        let new = self.pool.lock().submit(call)?;
        let is_cold = !new.is_empty();
        self.start(new);
        Ok(is_cold)
    }

    fn start(self: &Arc<Self>, new: Vec<NewProcess>) {
        for process in new {
            tokio::spawn(Arc::clone(self).run(process));
        }
    }

    /// Runs a process until it has ended, then starts those that the pool wants in its place.
    async fn run(self: Arc<Self>, new: NewProcess) {
        let id = new.id;
        let why = self
            .run_process(new)
            .await
            .unwrap_or_else(|error| format!("{}: {error}", self.function.program.display()));
        let next = self.pool.lock().ended(id, &why);
        self.start(next);
        self.process_ended.notify_waiters();
    }

    /// Runs a process until it has ended. Returns a description of how it ended.
    async fn run_process(&self, new: NewProcess) -> std::io::Result<String> {
        let NewProcess { id, mut deadline } = new;
        let (listener, address) = listen::free_port().await?;
        let mut process = Process::spawn(&self.function, address, &self.session_token(id), &self.output)?;
        let pid = process.pid();
        guard::watch_function(pid);
        self.pool.lock().started(id, pid);
        let router = runtime_api::router(self.pool.clone(), Arc::clone(&self.function), id);
        let _runtime_api = listen::serve_functions(listener, router);
        let status = loop {
            tokio::select! {
                status = process.wait() => break status,
                () = passed(&mut deadline) => self.pool.lock().time_out(id),
            }
        };
        let end = process.describe_end(status).await;
        guard::forget(pid);
        Ok(end)
    }

    /// The session token of a process. [`super::Lambda::allows_push`] reads it.
    fn session_token(&self, id: u64) -> String {
        format!("{}/{id}", self.function.id)
    }

    pub(super) fn allows_push(&self, id: u64) -> bool {
        self.pool.lock().push(id)
    }

    pub(super) fn all(&self) -> Vec<Environment> {
        self.pool.lock().environments()
    }

    /// Returns the number of calls without a result.
    pub(super) fn running(&self) -> usize {
        self.pool.lock().in_flight()
    }

    pub(super) fn kill(&self, pid: u32) -> bool {
        self.pool.lock().kill(pid)
    }

    pub(super) fn end_idle(&self, limit: Duration) {
        self.pool.lock().end_idle(limit);
    }

    pub(super) fn close(&self) {
        self.pool.lock().close();
    }

    /// Waits until no process is left.
    pub(super) async fn ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.process_ended.notified());
            ended.as_mut().enable();
            if self.pool.lock().environments().is_empty() {
                return;
            }
            ended.await;
        }
    }
}

/// Waits until the deadline has passed. The deadline can change during the wait.
async fn passed(deadline: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let current = *deadline.borrow_and_update();
        let sleep = async {
            match current {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => return,
            // The sender lives as long as the process; without it no deadline is left.
            changed = deadline.changed() => if changed.is_err() { std::future::pending::<()>().await },
        }
    }
}
