//! RFC 7692 in the order of its sections: permessage-deflate as each side offers, sends and receives it.
//!
//! The other end compresses by itself, and its frames are those of the tests of RFC 6455.

#![cfg(feature = "deflate")]

mod rfc7692 {
    // Either needs a part of it.
    #[allow(dead_code)]
    #[path = "../rfc6455/rig.rs"]
    mod rig;
    #[allow(dead_code)]
    #[path = "../rfc6455/wire.rs"]
    mod wire;

    mod agreement;

    mod s5_offers_and_answers;
    mod s6_1_sending;
    mod s6_2_receiving;
    mod s7_1_parameters;
    mod s7_2_3_examples;
    mod s8_hostile_data;
}
