//! `WebSocketError`.

use crate::convert;
use crate::enums::{ErrorPhase, Reason};
use godot::prelude::*;
use tungsten_core::{Error, Response};

/// Why a connection failed. Its page of help is `doc_classes/WebSocketError.xml`.
#[derive(GodotClass)]
#[class(base = RefCounted, no_init, tool, rename = UnnamedWebSocketError)]
pub(crate) struct WebSocketError {
    error: Error,
}

#[godot_api]
impl WebSocketError {
    pub(crate) fn of(error: &Error) -> Gd<Self> {
        Gd::from_object(Self { error: error.clone() })
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
    fn is_retryable(&self) -> bool {
        self.error.is_retryable()
    }
}
