//! Certificates as files, for servers and clients that are other programs.

use std::fs;
use std::path::Path;

use anyhow::Context;
use tungsten_testkit::{LeafKind, TestAuthority};

/// Writes `authority.pem` to trust, and `certificate.pem` with `key.pem` for a server on this machine, into `dir`,
/// which is made if need be.
pub(crate) fn write(dir: &Path) -> anyhow::Result<()> {
    let authority = TestAuthority::shared();
    let identity = authority.leaf(LeafKind::Good);
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    let files = [
        ("authority.pem", authority.ca_pem()),
        ("certificate.pem", identity.chain_pem().to_owned()),
        ("key.pem", identity.key_pem().to_owned()),
    ];
    for (name, pem) in files {
        let path = dir.join(name);
        fs::write(&path, pem).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
