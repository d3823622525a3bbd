use super::super::deflate::Compressor;
use super::*;
use crate::config::Config;
use crate::handshake::DeflateParameters;
use tungstenite::protocol::Role;

fn method(compression_level: u8, server_max_window_bits: u8) -> Option<Method> {
    let parameters = DeflateParameters { server_max_window_bits, ..DeflateParameters::default() };
    let config = Config { compression_level, ..Config::default() };
    Compressor::new(Role::Server, &parameters).method(1000, &config)
}

#[test]
fn message_for_many_is_compressed_once_for_all_who_agree() {
    let message = Encoded::new(Kind::Binary, &[7; 1000]).unwrap();
    let first = message.frame(method(2, 15));
    assert!(first.payload().len() < 100);
    assert!(Arc::ptr_eq(&first, &message.clone().frame(method(2, 15))));
    assert!(!Arc::ptr_eq(&first, &message.frame(method(3, 15))));
    assert!(!Arc::ptr_eq(&first, &message.frame(method(2, 9))));
    assert!(Arc::ptr_eq(&first, &message.frame(method(2, 15))));
    assert_eq!(message.frame(None).payload(), [7; 1000]);
}
