//! Host names to addresses, without ever blocking the caller.

use std::fmt::Debug;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

/// Threads that look names up. A dead name server holds one for up to half a minute; the others go on.
const THREADS: usize = 4;

/// Looks names up.
pub trait Resolver: Debug + Send {
    /// Starts to look `host` up.
    fn lookup(&self, host: &str) -> Box<dyn Lookup>;
}

/// A name that is being looked up. Dropping it abandons the lookup.
pub trait Lookup: Debug + Send {
    /// The addresses, most preferred first, once they are known; an empty list if the name has none.
    ///
    /// # Errors
    /// Why the name could not be looked up.
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>>;
}

/// Asks the operating system, on a small pool of threads that is started with the first lookup.
///
/// The threads end once the resolver and its clones are gone and their last lookup has returned; nothing waits for
/// that. A library that may be unloaded while a lookup runs needs another resolver.
#[derive(Clone, Debug, Default)]
pub struct ThreadResolver {
    pool: Arc<Mutex<Option<Sender<Job>>>>,
}

#[derive(Debug)]
struct Job {
    host: String,
    answer: Sender<Result<Vec<IpAddr>, String>>,
}

impl Resolver for ThreadResolver {
    fn lookup(&self, host: &str) -> Box<dyn Lookup> {
        let (answer, addresses) = mpsc::channel();
        let job = Job { host: host.to_owned(), answer };
        let mut pool = self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A pool without threads drops the job, which the lookup below reports.
        let _ = pool.get_or_insert_with(start_threads).send(job);
        Box::new(ThreadLookup { addresses })
    }
}

fn start_threads() -> Sender<Job> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let jobs = Arc::new(Mutex::new(jobs));
    for number in 0..THREADS {
        let jobs = Arc::clone(&jobs);
        let thread = thread::Builder::new().name(format!("resolver {number}"));
        if let Err(error) = thread.spawn(move || {
            while let Some(job) = next_job(&jobs) {
                work_on(job)
            }
        }) {
            log::warn!("a resolver thread could not be started: {error}");
        }
    }
    sender
}

fn next_job(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().ok()?.recv().ok()
}

fn work_on(job: Job) {
    let addresses = (job.host.as_str(), 0).to_socket_addrs();
    let addresses = addresses.map(|found| found.map(|address| address.ip()).collect());
    // Nobody listens any more if the lookup was abandoned.
    let _ = job.answer.send(addresses.map_err(|error| error.to_string()));
}

#[derive(Debug)]
struct ThreadLookup {
    addresses: Receiver<Result<Vec<IpAddr>, String>>,
}

impl Lookup for ThreadLookup {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        match self.addresses.try_recv() {
            Ok(answer) => Poll::Ready(answer),
            Err(TryRecvError::Empty) => Poll::Pending,
            Err(TryRecvError::Disconnected) => Poll::Ready(Err("no thread could be started".to_owned())),
        }
    }
}
