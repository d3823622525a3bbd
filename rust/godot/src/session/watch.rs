//! Tells a developer of a connection that nobody polls: without `poll()` nothing happens, and nothing says so.
//!
//! Only debug builds of a game have it. The tree tells it of each frame; it counts those, not the time on the clock, so
//! that a game that stands still, as it does while it loads, is told nothing.

use crate::load::console;
use godot::classes::{Engine, Os, SceneTree};
use godot::init::is_main_thread;
use godot::obj::InstanceId;
use godot::prelude::*;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long a connection may go without a poll: longer than the pauses that a game makes on purpose, and shorter than
/// other sides wait for an answer to a ping.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a frame counts at most. One that takes longer stands still, and nobody can poll meanwhile.
const LONGEST_FRAME: Duration = Duration::from_millis(200);

thread_local! {
    /// Of the main thread, which frames belong to.
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// The sign of life of something that has to be polled. The watch does not keep it.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Option<Arc<AtomicBool>>);

impl Pulse {
    /// Of a connection or a server that has just been started. `class` is its plain name.
    pub(crate) fn start(class: &'static str) -> Self {
        if !is_main_thread() || !Os::singleton().is_debug_build() || Engine::singleton().is_editor_hint() {
            return Self::default();
        }
        let Some(tree) = tree() else { return Self::default() };
        let polled = Arc::new(AtomicBool::new(true));
        WATCH.with_borrow_mut(|watch| {
            watch.hear_of_frames(tree);
            watch.watched.push(Watched { class, polled: Arc::downgrade(&polled), unpolled: Duration::ZERO });
        });
        Self(Some(polled))
    }

    /// It was polled.
    pub(crate) fn beat(&self) {
        if let Some(polled) = &self.0 {
            polled.store(true, Ordering::Relaxed);
        }
    }

    /// It is over: it need not be polled any more.
    pub(crate) fn stop(&mut self) {
        self.0 = None;
    }
}

#[derive(Debug, Default)]
struct Watch {
    watched: Vec<Watched>,
    last_frame: Option<Instant>,
    /// Who tells of frames.
    tree: Option<InstanceId>,
}

#[derive(Debug)]
struct Watched {
    class: &'static str,
    polled: Weak<AtomicBool>,
    unpolled: Duration,
}

impl Watch {
    fn hear_of_frames(&mut self, mut tree: Gd<SceneTree>) {
        if self.tree.replace(tree.instance_id()) != Some(tree.instance_id()) {
            tree.connect("process_frame", &Callable::from_fn("watch", |_| on_frame()));
        }
    }

    /// A frame begins, in which the game runs or is paused: the classes of those that were not polled for too long.
    /// Each is named once.
    fn frame(&mut self, now: Instant, is_running: bool) -> Vec<&'static str> {
        let last = self.last_frame.replace(now);
        let passed = last.filter(|_| is_running).map_or(Duration::ZERO, |last| (now - last).min(LONGEST_FRAME));
        let mut forgotten = Vec::new();
        self.watched.retain_mut(|watched| {
            let Some(polled) = watched.polled.upgrade() else { return false };
            if polled.swap(false, Ordering::Relaxed) {
                watched.unpolled = Duration::ZERO;
                return true;
            }
            watched.unpolled += passed;
            let is_forgotten = watched.unpolled >= PATIENCE;
            if is_forgotten {
                forgotten.push(watched.class);
            }
            !is_forgotten
        });
        forgotten
    }
}

fn tree() -> Option<Gd<SceneTree>> {
    Engine::singleton().get_main_loop()?.try_cast().ok()
}

fn on_frame() -> Variant {
    if WATCH.with_borrow(|watch| watch.watched.is_empty()) {
        return Variant::nil();
    }
    let is_running = tree().is_some_and(|tree| !tree.is_paused());
    let forgotten = WATCH.with_borrow_mut(|watch| watch.frame(Instant::now(), is_running));
    // Nothing is borrowed: a logger may be a script.
    for class in forgotten {
        let seconds = PATIENCE.as_secs();
        console::warning(
            class,
            format_args!(
                "poll() was not called for {seconds} seconds. Call it in every frame, for example in _process(): \
                 nothing is sent, received or answered without it."
            ),
        );
    }
    Variant::nil()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(16);

    /// A watch and what it watches, in virtual time.
    struct Rig {
        watch: Watch,
        now: Instant,
        polled: Arc<AtomicBool>,
    }

    impl Rig {
        fn new() -> Self {
            let polled = Arc::new(AtomicBool::new(true));
            let watched = Watched { class: "Some", polled: Arc::downgrade(&polled), unpolled: Duration::ZERO };
            let watch = Watch { watched: vec![watched], ..Watch::default() };
            Self { watch, now: Instant::now(), polled }
        }

        /// Frames of one length: who was named in them.
        fn frames(&mut self, frame: Duration, time: Duration, is_running: bool) -> Vec<&'static str> {
            let end = self.now + time;
            let mut named = Vec::new();
            while self.now < end {
                self.now += frame;
                named.extend(self.watch.frame(self.now, is_running));
            }
            named
        }

        fn run(&mut self, seconds: u64) -> Vec<&'static str> {
            self.frames(FRAME, Duration::from_secs(seconds), true)
        }
    }

    #[test]
    fn what_nobody_polls_is_named_once() {
        let mut rig = Rig::new();
        assert_eq!(rig.run(4), [""; 0]);
        assert_eq!(rig.run(20), ["Some"]);
    }

    #[test]
    fn what_is_polled_now_and_then_is_not_named() {
        let mut rig = Rig::new();
        for _ in 0..10 {
            assert_eq!(rig.run(4), [""; 0]);
            rig.polled.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn game_that_stands_still_or_pauses_is_told_nothing() {
        let mut rig = Rig::new();
        for _ in 0..3 {
            rig.now += Duration::from_secs(60);
            assert_eq!(rig.frames(FRAME, FRAME, true), [""; 0]);
        }
        assert_eq!(rig.frames(FRAME, Duration::from_secs(60), false), [""; 0]);
        assert_eq!(rig.run(5), ["Some"]);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut rig = Rig::new();
        rig.polled = Arc::default();
        assert_eq!(rig.run(20), [""; 0]);
        assert!(rig.watch.watched.is_empty());
    }
}
