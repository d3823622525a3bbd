//! `WebSocketError`.

use crate::convert;
use crate::enums::{ErrorPhase, Reason};
use godot::prelude::*;
use tungsten_core::{Error, Response};

/// Why a connection failed. Its page of help is `doc_classes/WebSocketError.xml`.
#[derive(GodotClass)]
#[class(base = RefCounted, no_init, tool, rename = UnnamedWebSocketError)]
pub(crate) struct WebSocketError {
    #[var(get = get_phase, no_set)]
    phase: PhantomVar<ErrorPhase>,
    #[var(get = get_kind, no_set)]
    kind: PhantomVar<Reason>,
    #[var(get = get_message, no_set)]
    message: PhantomVar<GString>,
    #[var(get = get_http_status, no_set)]
    http_status: PhantomVar<i32>,
    #[var(get = get_http_headers, no_set)]
    http_headers: PhantomVar<PackedStringArray>,
    #[var(get = get_http_body, no_set)]
    http_body: PhantomVar<PackedByteArray>,
    #[var(get = get_close_code, no_set)]
    close_code: PhantomVar<i32>,
    #[var(get = get_close_reason, no_set)]
    close_reason: PhantomVar<GString>,
    error: Error,
}

#[godot_api]
impl WebSocketError {
    pub(crate) fn of(error: &Error) -> Gd<Self> {
        Gd::from_object(Self {
            phase: PhantomVar::default(),
            kind: PhantomVar::default(),
            message: PhantomVar::default(),
            http_status: PhantomVar::default(),
            http_headers: PhantomVar::default(),
            http_body: PhantomVar::default(),
            close_code: PhantomVar::default(),
            close_reason: PhantomVar::default(),
            error: error.clone(),
        })
    }

    #[func]
    fn get_phase(&self) -> ErrorPhase {
        self.error.phase().into()
    }

    #[func]
    fn get_kind(&self) -> Reason {
        self.error.kind().into()
    }

    #[func]
    fn get_message(&self) -> GString {
        convert::text(self.error.message())
    }

    #[func]
    fn get_http_status(&self) -> i32 {
        self.error.response().map_or(0, |response| response.status().into())
    }

    #[func]
    fn get_http_headers(&self) -> PackedStringArray {
        convert::header_lines(self.error.response().map(Response::headers).unwrap_or_default())
    }

    #[func]
    fn get_http_body(&self) -> PackedByteArray {
        self.error.response().map(|response| PackedByteArray::from(response.body())).unwrap_or_default()
    }

    #[func]
    fn get_close_code(&self) -> i32 {
        self.error.close_frame().map_or(-1, |frame| frame.code().into())
    }

    #[func]
    fn get_close_reason(&self) -> GString {
        self.error.close_frame().map(|frame| convert::reason(frame.reason())).unwrap_or_default()
    }

    #[func]
    fn is_retryable(&self) -> bool {
        self.error.is_retryable()
    }
}
