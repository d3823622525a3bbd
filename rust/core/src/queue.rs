//! Messages on their way in and bytes on their way out.

mod receive;
mod transmit;

pub(crate) use receive::ReceiveQueue;
pub use receive::{Kind, Message};
pub(crate) use transmit::TransmitQueue;
