//! RFC 6455 in the order of its sections: what each side sends and how it takes what it receives.
//!
//! Everything happens in memory and in virtual time, through the public interface alone. The rig encodes and reads
//! frames by itself, so that no mistake of the library below is repeated by its judge.

mod rfc6455 {
    mod rig;
    mod wire;

    mod s10_limits;
    mod s4_1_client_requirements;
    mod s4_2_server_requirements;
    mod s5_1_masking;
    mod s5_2_base_framing;
    mod s5_4_fragmentation;
    mod s5_5_1_close;
    mod s5_5_2_ping;
    mod s5_5_3_pong;
    mod s5_6_data_frames;
    mod s7_1_closing;
    mod s7_4_status_codes;
    mod s8_1_utf8;
}
