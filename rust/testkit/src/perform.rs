//! Goes through the steps of a script on one connection.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;

use crate::connection::{Connection, peer_is_gone};
use crate::event::Event;
use crate::frame::{FIN, Frame};
use crate::message::Incoming;
use crate::pki::TestAuthority;
use crate::script::{Fill, Fragment, MessageKind, Respond, Step};

/// Messages of a [`Fill`] leave in writes of about this size.
const BATCH: usize = 64 * 1024;

impl Connection {
    /// Runs the script, over TLS if a configuration is given. At its end the connection is closed in order: FIN, then
    /// input is ignored until the peer's FIN. A failed script closes at once.
    pub(crate) fn run(mut self, tls: Option<Arc<ServerConfig>>, script: &[Step]) {
        if let Some(config) = tls
            && let Err(error) = self.accept_tls(config)
        {
            self.record(Event::Failed(format!("TLS: {error}")));
            return;
        }
        for (number, step) in script.iter().enumerate() {
            if *step == Step::Rst {
                // Recorded before, since the peer may see the reset, and a test may look, at any time after.
                self.record(Event::Done);
                let _already_reset = self.transport.rst();
                return;
            }
            if let Err(error) = self.perform(step) {
                self.record(Event::Failed(format!("step {number}, {}: {error}", step.summary())));
                return;
            }
            if self.report.is_stopped() {
                return;
            }
        }
        self.record(Event::Done);
        if self.fin().is_ok() {
            // A timeout here is no failure: the script said nothing about how the peer should go.
            let _peer_stayed = self.discard_input();
        }
    }

    fn perform(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::AnswerClose => self.answer_close(),
            Step::Binary(payload) => self.send(&Frame::binary(payload.as_slice()).encode()),
            Step::Close(code, reason) => self.send_close(&Frame::close(*code, reason)),
            Step::CloseEmpty => self.send_close(&Frame::close_with([])),
            Step::CloseNotify => {
                let sent = self.transport.close_notify();
                self.note(sent)
            }
            Step::Cork => {
                self.transport.cork();
                Ok(())
            }
            Step::Drain => self.drain(),
            Step::Echo => self.echo(),
            Step::Expect(count) => self.read_until(*count, |incoming| matches!(incoming, Incoming::Message(..))),
            Step::ExpectPing(count) => self.read_until(*count, |incoming| matches!(incoming, Incoming::Ping(_))),
            Step::Fill(fill) => self.fill_messages(fill),
            Step::Fin => self.fin(),
            Step::Fragment(fragment) => self.send_fragment(fragment),
            Step::FrameRaw(bytes) | Step::Raw(bytes) => self.send(bytes),
            Step::Hold => self.hold(),
            Step::Mute => {
                self.is_mute = true;
                Ok(())
            }
            Step::Ping(payload) => self.send(&Frame::ping(payload.as_str()).encode()),
            Step::Pong(payload) => self.send(&Frame::pong(payload.as_str()).encode()),
            Step::ReadRequest => self.read_request(),
            Step::Respond(respond) => self.respond(respond),
            Step::Rst => Ok(()), // Done by `run`, which owns the connection.
            Step::Stall => self.report.wait_for_stop(self.timeout),
            Step::Text(text) => self.send(&Frame::text(text).encode()),
            Step::Tls(kind) => self.accept_tls(TestAuthority::shared().leaf(*kind).server_config()),
            Step::Trickle(piece) => {
                self.transport.trickle(*piece);
                Ok(())
            }
            Step::Uncork => {
                let sent = self.transport.uncork();
                self.note(sent)
            }
            Step::Upgrade => self.upgrade(&[]),
            Step::UpgradeWith(extra) => self.upgrade(extra),
            Step::Wait(name) => self.report.wait_for_signal(name, self.timeout),
        }
    }

    fn upgrade(&mut self, extra: &[String]) -> io::Result<()> {
        if self.request.is_none() {
            self.read_request()?;
        }
        let Some(request) = self.request.take() else {
            return Ok(());
        };
        if request.header("Sec-WebSocket-Key").is_none() {
            self.record(Event::Violation("the request has no Sec-WebSocket-Key (RFC 6455 §4.1)".to_owned()));
        }
        self.is_upgraded = true;
        self.send(request.switching_protocols(extra).as_bytes())
    }

    fn respond(&mut self, respond: &Respond) -> io::Result<()> {
        if self.request.is_none() {
            self.read_request()?;
        }
        let Some(request) = self.request.take() else {
            return Ok(());
        };
        self.is_upgraded |= respond.head.first().is_some_and(|line| line.contains(" 101"));
        self.send(request.scripted(respond).as_bytes())
    }

    fn send_fragment(&mut self, fragment: &Fragment) -> io::Result<()> {
        let first = fragment.opcode & 0x0F | if fragment.fin { FIN } else { 0 };
        self.send(&Frame::new(first, fragment.payload.as_str()).encode())
    }

    fn fill_messages(&mut self, fill: &Fill) -> io::Result<()> {
        let mut batch = Vec::new();
        for letter in (b'a'..=b'z').cycle().take(fill.count) {
            batch.append(&mut message(fill.kind, vec![letter; fill.size]).encode());
            if batch.len() >= BATCH {
                self.send(&batch)?;
                batch.clear();
            }
        }
        self.send(&batch)
    }

    fn echo(&mut self) -> io::Result<()> {
        while let Some(incoming) = self.next_incoming()? {
            match incoming {
                Incoming::Message(kind, payload) => self.send(&message(kind, payload).encode())?,
                Incoming::Close(payload) => {
                    self.send_close(&Frame::close_with(payload))?;
                    let sent = self.transport.close_notify();
                    self.note(sent)?;
                    return self.fin();
                }
                Incoming::Part | Incoming::Ping(_) | Incoming::Pong(_) => {}
            }
        }
        Ok(())
    }

    fn fin(&mut self) -> io::Result<()> {
        let sent = self.transport.fin();
        self.note(sent)
    }

    fn answer_close(&mut self) -> io::Result<()> {
        while let Some(incoming) = self.next_incoming()? {
            if let Incoming::Close(payload) = incoming {
                return self.send_close(&Frame::close_with(payload));
            }
        }
        Err(peer_is_gone())
    }

    fn drain(&mut self) -> io::Result<()> {
        while let Some(incoming) = self.next_incoming()? {
            if let Incoming::Close(_) = incoming {
                break;
            }
        }
        Ok(())
    }

    fn hold(&mut self) -> io::Result<()> {
        if !self.is_upgraded {
            return self.discard_input();
        }
        while self.next_incoming()?.is_some() {}
        Ok(())
    }

    fn read_until(&mut self, count: usize, is_wanted: impl Fn(&Incoming) -> bool) -> io::Result<()> {
        let mut missing = count;
        while missing > 0 {
            let incoming = self.next_incoming()?.ok_or_else(peer_is_gone)?;
            missing -= usize::from(is_wanted(&incoming));
        }
        Ok(())
    }
}

fn message(kind: MessageKind, payload: Vec<u8>) -> Frame {
    match kind {
        MessageKind::Text => Frame::new(FIN | Frame::TEXT, payload),
        MessageKind::Binary => Frame::binary(payload),
    }
}
