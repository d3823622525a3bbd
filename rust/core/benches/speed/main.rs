//! How fast the core is, without an engine: `cargo bench -p tungsten-core`.
//!
//! Time is compared with that of raw TCP in the same run, as the time alone tells more about the machine; `-- --echo` does
//! it with the memory as the system manages it. Instructions, which `-- --instructions` counts, do not depend on what else
//! the machine does; they are compared with a file.

mod count;
mod echo;
mod memory_stream;
mod raw;
mod session;
mod workload;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => echo::compare_with_steady_memory(),
        ["--echo"] => echo::compare(),
        ["--instructions"] => count::compare(),
        ["--instructions", "--accept"] => count::accept(),
        ["--workload", name, times] => workload::run(name, times.parse().expect("a number of times")),
        _ => {
            eprintln!("usage: cargo bench -p tungsten-core [-- --echo | -- --instructions [--accept]]");
            ExitCode::FAILURE
        }
    }
}
