//! Delivery of frames, in both directions, with the faults that apply to a frame.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::faults::Tampering;

/// How long a frame waits for the next one to overtake it.
const OVERTAKEN_WITHIN: Duration = Duration::from_secs(1);

/// The frame of one connection and direction that waits until the next one has overtaken it.
#[derive(Debug)]
pub(super) struct Held<T>(Arc<Mutex<Option<(T, AbortHandle)>>>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Send + 'static> Held<T> {
    /// Holds a frame. If no other frame overtakes it in time, `release` gets it.
    fn hold(&self, frame: T, release: impl FnOnce(T) + Send + 'static) {
        // Locked until the frame is stored, so that the timer cannot come first.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = Arc::clone(&self.0);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(OVERTAKEN_WITHIN).await;
            let held = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((frame, _)) = held {
                release(frame);
            }
        });
        *held = Some((frame, timer.abort_handle()));
    }

    /// Takes the frame that the next one overtakes.
    fn overtake(&self) -> Option<T> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.map(|(frame, timer)| {
            timer.abort();
            frame
        })
    }
}

/// Returns the frames that the caller must deliver now, in this order: without a fault, `frame`.
///
/// `fault` chooses the fault that applies to the frame. A frame that overtakes another one has no
/// fault. `later` delivers a frame at another time, or a second time.
pub(super) fn deliver<T: Clone + Send + 'static>(
    frame: T,
    held: &Held<T>,
    fault: impl FnOnce() -> Option<Tampering>,
    later: impl FnOnce(T) + Send + 'static,
) -> Vec<T> {
    if let Some(overtaken) = held.overtake() {
        return vec![frame, overtaken];
    }
    match fault() {
        None => return vec![frame],
        Some(Tampering::Drop) => {}
        Some(Tampering::Double) => {
            later(frame.clone());
            return vec![frame];
        }
        Some(Tampering::Delay(time)) => {
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                later(frame);
            });
        }
        Some(Tampering::Overtaken) => held.hold(frame, later),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delivers a frame with a fault. Returns the frames to deliver now, and those delivered later.
    fn delivered(frame: u32, held: &Held<u32>, fault: Option<Tampering>) -> (Vec<u32>, Vec<u32>) {
        let later = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&later);
        let now = deliver(frame, held, || fault, move |frame| sink.lock().unwrap().push(frame));
        let later = later.lock().unwrap().clone();
        (now, later)
    }

    #[test]
    fn without_a_fault_a_frame_is_delivered_once() {
        assert_eq!(delivered(1, &Held::default(), None), (vec![1], vec![]));
    }

    #[test]
    fn dropped_and_doubled_frames_are_delivered_never_and_twice() {
        let held = Held::default();
        assert_eq!(delivered(1, &held, Some(Tampering::Drop)), (vec![], vec![]));
        assert_eq!(delivered(2, &held, Some(Tampering::Double)), (vec![2], vec![2]));
    }

    #[tokio::test]
    async fn held_frame_follows_the_next_one_which_has_no_fault() {
        let held = Held::default();
        assert_eq!(delivered(1, &held, Some(Tampering::Overtaken)), (vec![], vec![]));
        assert_eq!(delivered(2, &held, Some(Tampering::Drop)), (vec![2, 1], vec![]));
        assert_eq!(delivered(3, &held, None), (vec![3], vec![]));
    }
}
