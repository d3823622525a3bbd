//! Host names, looked up by the engine: its resolver thread ends with it, ours would outlive the library.

use godot::classes::Ip;
use godot::classes::ip::{ResolverStatus, Type};
use godot::prelude::*;
use std::net::IpAddr;
use std::task::Poll;
use tungsten_core::net::{Lookup, Resolver};

/// Asks the engine's `IP` singleton.
#[derive(Debug)]
pub(crate) struct EngineResolver;

impl Resolver for EngineResolver {
    fn lookup(&self, host: &str) -> Box<dyn Lookup> {
        let mut ip = Ip::singleton();
        // The engine remembers names, failures too, for as long as it runs.
        ip.clear_cache_ex().hostname(host).done();
        let id = ip.resolve_hostname_queue_item_ex(host).ip_type(Type::ANY).done();
        Box::new(EngineLookup { id })
    }
}

/// A place in the engine's queue.
#[derive(Debug)]
struct EngineLookup {
    id: i32,
}

impl Lookup for EngineLookup {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        let ip = Ip::singleton();
        if i64::from(self.id) == Ip::RESOLVER_INVALID_ID.into() {
            return Poll::Ready(Err("too many names are being looked up".to_owned()));
        }
        match ip.get_resolve_item_status(self.id) {
            ResolverStatus::WAITING => Poll::Pending,
            ResolverStatus::DONE => {
                let addresses = ip.get_resolve_item_addresses(self.id);
                let addresses = addresses.iter_shared().filter_map(|address| address.to_string().parse().ok());
                Poll::Ready(Ok(addresses.collect()))
            }
            _ => Poll::Ready(Err("the system does not know it".to_owned())),
        }
    }
}

impl Drop for EngineLookup {
    fn drop(&mut self) {
        if i64::from(self.id) != Ip::RESOLVER_INVALID_ID.into() {
            Ip::singleton().erase_resolve_item(self.id);
        }
    }
}
