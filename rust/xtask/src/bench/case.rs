//! What is measured, and what it should come to.

/// One run of a script of `godot-project/bench`.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The script, without its folder and ending.
    pub(super) script: &'static str,
    /// What it depends on; a switch is 1.
    pub(super) args: &'static [(&'static str, u64)],
    pub(super) tls: bool,
    /// Whether each subject gets an engine of its own, because it is that process that is measured.
    pub(super) is_alone: bool,
    /// Whether it is part of `--short`.
    pub(super) is_short: bool,
    /// What it measures.
    pub(super) rows: &'static [Row],
}

/// Something that is measured of every subject.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    pub(super) target: Option<Target>,
    /// The least that was measured on a machine that did nothing else, in the terms of the target: the faster a
    /// machine's system calls, the less the engine's class loses by making more of them. `--short` insists on a part of
    /// it.
    pub(super) measured: Option<f64>,
}

/// Which figure is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
}

/// What we want to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// At most this, whatever the engine's class does.
    AtMost(f64),
    /// So many times better than the engine's class.
    Times(f64),
}

impl Case {
    const fn new(
        name: &'static str,
        script: &'static str,
        args: &'static [(&'static str, u64)],
        rows: &'static [Row],
    ) -> Self {
        Self { name, script, args, tls: false, is_alone: false, is_short: false, rows }
    }

    const fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    const fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    const fn short(self) -> Self {
        Self { is_short: true, ..self }
    }

    /// Whether the row is one of this case.
    pub(super) fn has_row(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.name == name)
    }
}

const fn echoes(name: &'static str, times: Option<f64>) -> Row {
    let target = match times {
        Some(times) => Some(Target::Times(times)),
        None => None,
    };
    Row { name, unit: "messages/s", better: Better::Higher, target, measured: None }
}

const fn opens(name: &'static str) -> Row {
    Row { name, unit: "1/s", better: Better::Higher, target: None, measured: None }
}

const fn costs(name: &'static str, unit: &'static str, target: Option<Target>) -> Row {
    Row { name, unit, better: Better::Lower, target, measured: None }
}

impl Row {
    const fn measured(self, measured: f64) -> Self {
        Self { measured: Some(measured), ..self }
    }
}

const ARGS_16: &[(&str, u64)] = &[("size", 16), ("window", 256)];
const ARGS_1K: &[(&str, u64)] = &[("size", 1024), ("window", 64)];
const ARGS_64K: &[(&str, u64)] = &[("size", 65_536), ("window", 4)];
const ARGS_1M: &[(&str, u64)] = &[("size", 1_048_576), ("window", 1)];
const TEXT_16: &[(&str, u64)] = &[("size", 16), ("window", 256), ("text", 1)];
const TEXT_1K: &[(&str, u64)] = &[("size", 1024), ("window", 64), ("text", 1)];
const TEXT_64K: &[(&str, u64)] = &[("size", 65_536), ("window", 4), ("text", 1)];
const TEXT_64K_MIXED: &[(&str, u64)] = &[("size", 65_536), ("window", 4), ("text", 1), ("mixed", 1)];
const TEXT_1M: &[(&str, u64)] = &[("size", 1_048_576), ("window", 1), ("text", 1)];
const LARGE: &[(&str, u64)] = &[("size", 64 << 20), ("window", 1), ("times", 1)];
const OPEN_200: &[(&str, u64)] = &[("size", 64), ("window", 1), ("times", 200)];
const OPEN_50: &[(&str, u64)] = &[("size", 64), ("window", 1), ("times", 50)];
const OPEN_50_FRESH: &[(&str, u64)] = &[("size", 64), ("window", 1), ("times", 50), ("fresh", 1)];
const CROWD: &[(&str, u64)] = &[("clients", 1000)];
const CROWD_USED: &[(&str, u64)] = &[("clients", 1000), ("used", 1)];

/// Every case, in the order in which they run.
pub(super) const CASES: &[Case] = &[
    Case::new("echo_16", "echo", ARGS_16, &[echoes("echo_16", Some(2.0)).measured(2.7)]).short(),
    Case::new("echo_1k", "echo", ARGS_1K, &[echoes("echo_1k", Some(2.5)).measured(3.5)]).short(),
    Case::new("echo_64k", "echo", ARGS_64K, &[echoes("echo_64k", Some(8.0)).measured(8.5)]).short(),
    Case::new("echo_1m", "echo", ARGS_1M, &[echoes("echo_1m", Some(5.0)).measured(6.3)]).short(),
    Case::new("text_16", "echo", TEXT_16, &[echoes("text_16", None)]),
    Case::new("text_1k", "echo", TEXT_1K, &[echoes("text_1k", None)]),
    Case::new("text_64k", "echo", TEXT_64K, &[echoes("text_64k", Some(6.0)).measured(7.1)]).short(),
    Case::new("text_64k_mixed", "echo", TEXT_64K_MIXED, &[echoes("text_64k_mixed", Some(4.0))]),
    Case::new("text_1m", "echo", TEXT_1M, &[echoes("text_1m", None)]),
    Case::new("echo_16_tls", "echo", ARGS_16, &[echoes("echo_16_tls", None)]).tls(),
    Case::new("echo_1k_tls", "echo", ARGS_1K, &[echoes("echo_1k_tls", Some(2.0)).measured(7.3)]).tls().short(),
    Case::new("echo_64k_tls", "echo", ARGS_64K, &[echoes("echo_64k_tls", Some(3.0)).measured(8.8)]).tls().short(),
    Case::new("echo_1m_tls", "echo", ARGS_1M, &[echoes("echo_1m_tls", None)]).tls(),
    Case::new(
        "latency",
        "latency",
        &[("size", 64), ("window", 1)],
        &[costs("latency_p50", "µs", None), costs("latency_p99", "µs", None)],
    ),
    Case::new("handshakes", "handshakes", OPEN_200, &[opens("handshakes")]),
    Case::new("handshakes_tls", "handshakes", OPEN_50, &[opens("handshakes_tls")]).tls(),
    Case::new("handshakes_tls_full", "handshakes", OPEN_50_FRESH, &[opens("handshakes_tls_full")]).tls(),
    Case::new(
        "idle",
        "idle",
        &[],
        &[
            costs("idle_100", "µs/poll", None),
            costs("idle_1000", "µs/poll", None),
            costs("idle_4000", "µs/poll", Some(Target::Times(100.0))).measured(16_000.0),
            // Of 4,000 to 100: a server whose poll does not depend on those who are idle stays at 1.
            costs("idle_growth", "times", Some(Target::AtMost(2.0))).measured(1.0),
        ],
    )
    .short(),
    Case::new("active", "active", &[("clients", 4000), ("active", 100)], &[costs("active", "µs/poll", None)]),
    Case::new("memory", "memory", CROWD, &[costs("memory", "bytes", Some(Target::Times(10.0)))]).alone(),
    Case::new("memory_tls", "memory", CROWD, &[costs("memory_tls", "bytes", None)]).tls().alone(),
    Case::new("memory_used", "memory", CROWD_USED, &[costs("memory_used", "bytes", Some(Target::Times(10.0)))]).alone(),
    Case::new("joins", "joins", &[("clients", 100)], &[costs("joins", "s", Some(Target::AtMost(1.0)))]),
    Case::new(
        "multiplayer_poll",
        "multiplayer_poll",
        &[("clients", 1000), ("active", 50)],
        &[costs("multiplayer_poll", "µs/poll", None)],
    ),
    Case::new("large", "echo", LARGE, &[echoes("large", None)]),
    Case::new(
        "slow_reader",
        "slow_reader",
        &[("size", 65_536), ("window", 1024), ("times", 1024)],
        &[echoes("slow_reader", None)],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_is_named_after_its_case() {
        for case in CASES {
            assert!(!case.rows.is_empty(), "{}", case.name);
            assert!(case.rows.iter().all(|row| row.name.starts_with(case.name)), "{}", case.name);
        }
    }

    #[test]
    fn short_run_knows_what_to_expect_of_every_target() {
        for case in CASES.iter().filter(|case| case.is_short) {
            assert!(case.rows.iter().any(|row| row.target.is_some()), "{}", case.name);
            assert!(case.rows.iter().all(|row| row.target.is_some() == row.measured.is_some()), "{}", case.name);
        }
    }

    #[test]
    fn target_was_reached_by_what_was_measured() {
        for row in CASES.iter().flat_map(|case| case.rows) {
            let Some(measured) = row.measured else { continue };
            let reaches = match row.target {
                Some(Target::AtMost(most)) => measured <= most,
                Some(Target::Times(least)) => measured >= least,
                None => false,
            };
            assert!(reaches, "{}", row.name);
        }
    }
}
