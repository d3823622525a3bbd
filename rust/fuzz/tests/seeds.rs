//! The seeds pass, whatever the toolchain.

use std::path::Path;

/// Runs every seed of a target. A panic is told together with the file.
#[track_caller]
fn check(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut count = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| run(&data));
        assert!(result.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn extensions() {
    check("extensions", tungsten_fuzz::extensions::run);
}

#[test]
fn messages() {
    check("messages", tungsten_fuzz::messages::run);
}

#[test]
fn frames() {
    check("frames", tungsten_fuzz::frames::run);
}

#[test]
fn handshake() {
    check("handshake", tungsten_fuzz::handshake::run);
}
