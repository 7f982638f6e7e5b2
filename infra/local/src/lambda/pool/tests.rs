use crate::faults::{Fault, Target};

use super::*;

/// A pool whose slots have no process. A slot without a process id ignores signals.
struct Stage {
    pool: Pool,
    faults: Arc<Faults>,
}

const NO_PROCESSES: [u64; 0] = [];

type Answered = oneshot::Receiver<Result<Bytes, InvokeError>>;

impl Stage {
    fn new(environments: usize) -> Self {
        let function = Function {
            id: "Echo".to_owned(),
            arn: String::new(),
            program: "echo".into(),
            variables: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            init_limit: Duration::from_secs(10),
            environments,
            event_limit: 100,
            answer_limit: 100,
        };
        let faults = Arc::new(Faults::default());
        let pool = Pool::new(Arc::new(function), Log::default(), Arc::clone(&faults), Clock::default());
        Self { pool, faults }
    }

    /// Submits a call. Returns its id, its result and the ids of the processes to start.
    fn call(&mut self) -> (Uuid, Answered, Vec<u64>) {
        let id = Uuid::new_v4();
        let (answer, answered) = oneshot::channel();
        let new = self.pool.submit(Call { id, event: Bytes::new(), route: None, answer }).unwrap();
        (id, answered, ids(&new))
    }

    /// Submits a call that must start the process `id`. The process then asks for the event.
    fn busy(&mut self, id: u64) -> (Uuid, Answered) {
        let (call, answered, new) = self.call();
        assert_eq!(new, [id]);
        assert_eq!(self.pool.next(id).try_recv().unwrap().id, call);
        (call, answered)
    }

    fn expire(&mut self, id: u64) {
        self.pool.slots[&id].deadline.send_replace(Some(Instant::now()));
        self.pool.time_out(id);
    }
}

fn ids(new: &[NewProcess]) -> Vec<u64> {
    new.iter().map(|process| process.id).collect()
}

fn result(answered: &mut Answered) -> Option<Result<Bytes, InvokeError>> {
    answered.try_recv().ok()
}

fn done() -> Bytes {
    Bytes::from_static(b"done")
}

#[test]
fn idle_process_gets_the_next_call() {
    let mut stage = Stage::new(2);
    let (call, mut answered) = stage.busy(0);
    assert!(stage.pool.answer(0, call, Ok(done())));
    assert_eq!(result(&mut answered), Some(Ok(done())));

    let mut next = stage.pool.next(0);
    assert!(next.try_recv().is_err());
    let (call, _, new) = stage.call();
    assert_eq!((next.try_recv().unwrap().id, new), (call, vec![]));
}

#[test]
fn call_waits_for_a_process_that_has_answered() {
    let mut stage = Stage::new(2);
    let (first, _) = stage.busy(0);
    stage.pool.answer(0, first, Ok(done()));
    let (second, _, new) = stage.call();
    assert_eq!(new, NO_PROCESSES);
    assert_eq!(stage.pool.next(0).try_recv().unwrap().id, second);
}

#[test]
fn waiting_call_gets_a_new_process_when_another_one_ends() {
    let mut stage = Stage::new(3);
    let (first, mut first_answered) = stage.busy(0);
    stage.pool.answer(0, first, Ok(done()));
    // This call waits for the process to ask again.
    let (second, mut second_answered, new) = stage.call();
    assert_eq!(new, NO_PROCESSES);
    let new = stage.pool.ended(0, "exit status: 1");
    assert_eq!(ids(&new), [1]);
    assert_eq!(result(&mut first_answered), Some(Ok(done())));
    assert_eq!(result(&mut second_answered), None);
    assert_eq!(stage.pool.next(1).try_recv().unwrap().id, second);
}

#[test]
fn ended_process_fails_its_own_call_only() {
    let mut stage = Stage::new(2);
    let (_, mut first) = stage.busy(0);
    let (_, mut second) = stage.busy(1);
    assert_eq!(ids(&stage.pool.ended(0, "signal: 9")), NO_PROCESSES);
    assert_eq!(result(&mut first), Some(Err(InvokeError::Crashed("signal: 9".to_owned()))));
    assert_eq!(result(&mut second), None);
}

#[test]
fn failed_start_fails_the_oldest_call() {
    let mut stage = Stage::new(2);
    let (_, mut answered, _) = stage.call();
    assert_eq!(ids(&stage.pool.ended(0, "no such file")), NO_PROCESSES);
    assert_eq!(result(&mut answered), Some(Err(InvokeError::Init("no such file".to_owned()))));
}

#[test]
fn call_over_the_limit_is_throttled() {
    let mut stage = Stage::new(1);
    let (_, _answered, _) = stage.call();
    let (answer, _answered) = oneshot::channel();
    let call = Call { id: Uuid::new_v4(), event: Bytes::new(), route: None, answer };
    assert_eq!(stage.pool.submit(call).map(|new| ids(&new)), Err(InvokeError::Throttled(1)));
}

#[test]
fn asking_again_without_an_answer_fails_the_call() {
    let mut stage = Stage::new(1);
    let (_, mut answered) = stage.busy(0);
    stage.pool.next(0);
    assert!(matches!(result(&mut answered), Some(Err(InvokeError::Crashed(_)))));
}

#[test]
fn only_the_current_call_can_be_answered() {
    let mut stage = Stage::new(1);
    let (call, mut answered) = stage.busy(0);
    assert!(!stage.pool.answer(0, Uuid::new_v4(), Ok(done())));
    assert!(stage.pool.answer(0, call, Ok(done())));
    assert!(!stage.pool.answer(0, call, Ok(done())));
    assert_eq!(result(&mut answered), Some(Ok(done())));
}

#[test]
fn ended_process_reports_its_missed_deadline() {
    let mut stage = Stage::new(2);
    let (_, mut starting, _) = stage.call();
    stage.expire(0);
    assert_eq!(ids(&stage.pool.ended(0, "signal: 9")), NO_PROCESSES);
    let message = "it did not ask for an event within 10s".to_owned();
    assert_eq!(result(&mut starting), Some(Err(InvokeError::Init(message))));

    let (_, mut busy) = stage.busy(1);
    // The deadline is three seconds from now.
    stage.pool.time_out(1);
    assert_eq!(stage.pool.slots[&1].reason, None);
    stage.expire(1);
    assert_eq!(ids(&stage.pool.ended(1, "signal: 9")), NO_PROCESSES);
    assert_eq!(result(&mut busy), Some(Err(InvokeError::TimedOut(Duration::from_secs(3)))));
}

#[test]
fn call_starts_a_process_if_the_idle_one_is_gone() {
    let mut stage = Stage::new(2);
    let (call, _answered) = stage.busy(0);
    stage.pool.answer(0, call, Ok(done()));
    drop(stage.pool.next(0));
    let (call, mut answered, new) = stage.call();
    assert_eq!(new, [1]);
    assert_eq!(result(&mut answered), None);
    assert_eq!(stage.pool.next(1).try_recv().unwrap().id, call);
}

#[test]
fn fault_kills_at_the_nth_push_and_rejects_later_requests() {
    let mut stage = Stage::new(1);
    let fault = Fault::Kill { target: Target::function("Echo"), at: Point::AtPush(2) };
    let injection = stage.faults.inject(fault, 1, 1);
    let (call, mut answered) = stage.busy(0);
    assert_eq!([0, 0, 0].map(|id| stage.pool.push(id)), [true, false, false]);
    assert!(!stage.pool.answer(0, call, Ok(done())));
    assert_eq!((injection.happened(), result(&mut answered)), (1, None));
}

#[test]
fn closed_pool_fails_waiting_calls_and_accepts_no_more() {
    let mut stage = Stage::new(2);
    let (_, mut waiting, _) = stage.call();
    stage.pool.close();
    assert_eq!(result(&mut waiting), Some(Err(InvokeError::Stopped)));
    let (answer, _answered) = oneshot::channel();
    let call = Call { id: Uuid::new_v4(), event: Bytes::new(), route: None, answer };
    assert_eq!(stage.pool.submit(call).map(|new| ids(&new)), Err(InvokeError::Stopped));
    assert_eq!(ids(&stage.pool.ended(0, "signal: 9")), NO_PROCESSES);
    assert!(stage.pool.environments().is_empty());
}
