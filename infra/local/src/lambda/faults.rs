//! Where a function's processes and events meet the faults.

use std::sync::Arc;

use rustix::process::Signal;
use tokio::sync::oneshot;

use super::pool::Pool;
use super::slot::{Call, Slot, State};
use super::{InvokeError, Lambda};
use crate::faults::{Fault, Point};

impl Lambda {
    /// The process with this session token calls `@connections`; false when it is killed for that, or gone, and the call not to be carried out.
    pub(crate) fn lets_push(&self, session_token: &str) -> bool {
        // Its form is that of `Pool::session_token`.
        let Some((function, id)) = session_token.rsplit_once('/') else {
            return true;
        };
        match (self.pools.get(function), id.parse()) {
            (Some(pool), Ok(id)) => pool.lets_push(id),
            _ => true,
        }
    }
}

impl Pool {
    /// What a process's calls of AWS carry, by which it is known.
    pub(super) fn session_token(&self, id: u64) -> String {
        format!("{}/{id}", self.function.id)
    }

    /// Whether a fault kills the process here.
    pub(super) fn kills(&self, slot: &mut Slot, here: Point) -> bool {
        let fits = |fault: &Fault| match fault {
            Fault::Kill { function, at } if *at == here && self.is(function.as_deref()) => Some(()),
            _ => None,
        };
        if !slot.doomed && self.faults.strikes(fits).is_some() {
            slot.doomed = true;
            slot.signal(Signal::KILL);
        }
        slot.doomed
    }

    fn lets_push(&self, id: u64) -> bool {
        let mut inner = self.lock();
        // What a process that is gone, or is being killed, had on its way is lost with it.
        let Some(slot) = inner.slots.get_mut(&id).filter(|slot| !slot.doomed) else {
            return false;
        };
        let State::Busy { pushes, .. } = &mut slot.state else {
            return true;
        };
        *pushes += 1;
        let here = Point::AtPush(*pushes);
        !self.kills(slot, here)
    }

    /// Submits a call; twice, if a fault has its event delivered twice.
    pub(super) fn submit_once_or_twice(self: &Arc<Self>, call: Call) -> Result<(), InvokeError> {
        let fits = |fault: &Fault| match fault {
            Fault::DeliverTwice { function } if self.is(function.as_deref()) => Some(()),
            _ => None,
        };
        let Some(((), time)) = self.faults.strikes(fits) else {
            return self.submit(call);
        };
        let Call { id, event, answer } = call;
        let (first, answered) = oneshot::channel();
        let (second, _) = oneshot::channel();
        self.submit(Call { id, event: event.clone(), answer: first })?;
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            let again = Call { id, event, answer: second };
            // Where it is throttled, nobody hears of it: it has no caller.
            if time % 2 == 1 {
                _ = pool.submit(again);
                _ = answered.await.map(|result| answer.send(result));
            } else {
                _ = answered.await.map(|result| answer.send(result));
                _ = pool.submit(again);
            }
        });
        Ok(())
    }

    fn is(&self, function: Option<&str>) -> bool {
        function.is_none_or(|function| function == self.function.id)
    }
}
