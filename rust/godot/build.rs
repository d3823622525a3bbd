//! How the library is linked.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Debug builds ship with exported debug games. Backtraces name file and line as before.
    if matches!(env::var("CARGO_CFG_TARGET_OS").as_deref(), Ok("linux" | "android")) {
        println!("cargo::rustc-link-arg-cdylib=-Wl,--compress-debug-sections=zlib");
    }
}
