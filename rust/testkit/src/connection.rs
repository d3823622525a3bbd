//! One accepted connection: reads and writes, and records all that the peer does.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};

use crate::event::{Event, FragmentDigest};
use crate::frame::{Frame, Inbox};
use crate::handshake::Request;
use crate::message::{Assembler, Incoming, close_parts};
use crate::report::Report;
use crate::script::MessageKind;
use crate::transport::{Input, Transport};

/// Longest request head that is read.
const LONGEST_HEAD: usize = 64 * 1024;

/// The server's side of one connection.
pub(crate) struct Connection {
    pub(crate) transport: Transport,
    /// The request that the next response answers.
    pub(crate) request: Option<Request>,
    /// Whether a 101 was sent, so that what arrives are frames.
    pub(crate) is_upgraded: bool,
    pub(crate) is_mute: bool,
    pub(crate) report: Arc<Report>,
    pub(crate) timeout: Duration,
    index: usize,
    inbox: Inbox,
    assembler: Assembler,
    /// Whether EOF or a reset was recorded.
    is_gone: bool,
    is_close_sent: bool,
}

impl Connection {
    pub(crate) fn new(
        socket: Arc<TcpStream>,
        index: usize,
        report: Arc<Report>,
        timeout: Duration,
    ) -> io::Result<Self> {
        Ok(Self {
            transport: Transport::new(socket, timeout)?,
            request: None,
            is_upgraded: false,
            is_mute: false,
            report,
            timeout,
            index,
            inbox: Inbox::default(),
            assembler: Assembler::default(),
            is_gone: false,
            is_close_sent: false,
        })
    }

    pub(crate) fn record(&self, event: Event) {
        self.report.record(self.index, event);
    }

    pub(crate) fn accept_tls(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        // After a CONNECT the client may have sent its hello together with the request.
        let early = self.inbox.take_all();
        let result = self.transport.start_tls(connection.into(), &early, self.inbox.tail());
        self.note(result)?;
        if self.transport.is_resumed() {
            self.record(Event::Resumed);
        }
        self.record(Event::Sni(self.transport.server_name()));
        Ok(())
    }

    pub(crate) fn read_request(&mut self) -> io::Result<()> {
        loop {
            if let Some(head) = self.inbox.take_head() {
                self.record(Event::Request(head.clone()));
                self.request = Some(Request::new(head));
                return Ok(());
            }
            if self.inbox.tail().len() > LONGEST_HEAD {
                return Err(io::Error::other(format!("the request head exceeds {LONGEST_HEAD} bytes")));
            }
            if !self.fill()? {
                return Err(peer_is_gone());
            }
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = self.transport.write(bytes);
        self.note(result)
    }

    /// Sends a close frame. Pings that come later get no answer: nothing may follow it.
    pub(crate) fn send_close(&mut self, frame: &Frame) -> io::Result<()> {
        self.is_close_sent = true;
        self.send(&frame.encode())
    }

    /// Reads and records the next frame and answers it if it is a ping. `None` when the peer is gone.
    pub(crate) fn next_incoming(&mut self) -> io::Result<Option<Incoming>> {
        let Some(frame) = self.next_frame()? else {
            return Ok(None);
        };
        for rule in self.assembler.violations(&frame) {
            self.record(Event::Violation(rule));
        }
        let (opcode, fin, size) = (frame.opcode(), frame.is_final(), frame.payload.len());
        if opcode < 8 && (!fin || opcode == Frame::CONTINUATION) {
            self.record(Event::Fragment(FragmentDigest { opcode, fin, size }));
        }
        let incoming = self.assembler.assemble(frame);
        self.record_incoming(&incoming);
        if let Incoming::Ping(payload) = &incoming
            && !(self.is_mute || self.is_close_sent || self.transport.is_finished())
        {
            self.send(&Frame::pong(payload.clone()).encode())?;
        }
        Ok(Some(incoming))
    }

    /// Reads and forgets bytes until the peer is gone.
    pub(crate) fn discard_input(&mut self) -> io::Result<()> {
        while self.fill()? {
            self.inbox.take_all();
        }
        Ok(())
    }

    fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.inbox.take_frame() {
                return Ok(Some(frame));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Waits for more input; false when the peer is gone.
    fn fill(&mut self) -> io::Result<bool> {
        while !self.is_gone {
            let result = self.transport.fill(self.inbox.tail());
            match self.note(result) {
                Ok(Input::Bytes) => return Ok(true),
                Ok(Input::CloseNotify) => self.record(Event::CloseNotify),
                Ok(Input::Eof) => {
                    self.is_gone = true;
                    self.record(Event::Eof);
                }
                Err(_) if self.is_gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Records what an error of the transport tells about the peer.
    pub(crate) fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        let Err(error) = &result else {
            return result;
        };
        let farewell = match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => Event::Reset,
            ErrorKind::UnexpectedEof => Event::Eof,
            ErrorKind::InvalidData => {
                self.record(Event::TlsError(error.to_string()));
                return result;
            }
            _ => return result,
        };
        if !self.is_gone {
            self.is_gone = true;
            self.record(farewell);
        }
        result
    }

    fn record_incoming(&self, incoming: &Incoming) {
        if !self.report.is_recording() {
            return;
        }
        // Godot's strings cannot hold NUL, which heartbeats are full of.
        let lossy = |payload: &[u8]| String::from_utf8_lossy(payload).replace('\0', "\\0");
        match incoming {
            Incoming::Part => {}
            Incoming::Close(payload) => {
                let (code, reason) = close_parts(payload);
                self.record(Event::Close(code, reason));
            }
            Incoming::Ping(payload) => self.record(Event::Ping(lossy(payload))),
            Incoming::Pong(payload) => self.record(Event::Pong(lossy(payload))),
            Incoming::Message(MessageKind::Binary, payload) => self.record(Event::binary(payload)),
            Incoming::Message(MessageKind::Text, payload) => match std::str::from_utf8(payload) {
                Ok(text) => self.record(Event::text(text)),
                Err(_) => {
                    self.record(Event::Violation("a text message is not UTF-8 (§8.1)".to_owned()));
                    self.record(Event::text(&lossy(payload)));
                }
            },
        }
    }
}

/// The error of a step that needed more from the peer.
pub(crate) fn peer_is_gone() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the peer is gone")
}
