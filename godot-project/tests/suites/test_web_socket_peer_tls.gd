extends "res://tests/peer_suite.gd"
## Certificates: who is trusted, and what is said about who is not.


func test_when_the_authority_is_trusted_then_the_connection_opens() -> void:
	var counterpart := server([{"tls": "good"}, "upgrade", "echo"])
	expect_true(counterpart.url.begins_with("wss://"), counterpart.url)
	var peer := await opened(counterpart.url, trusting())
	expect_eq(peer.send_text("secret"), OK)
	expect_eq(await next_packet(peer), "secret")


## D1, D2
func test_when_the_authority_is_unknown_then_the_certificate_is_untrusted() -> void:
	var counterpart := server([{"tls": "good"}, "upgrade", "echo"])
	for options: TLSOptions in [null, TLSOptions.client()]:
		await expect_failure(
			connecting(counterpart.url, options), WebSocketError.PHASE_TLS, WebSocketError.KIND_CERTIFICATE_UNTRUSTED
		)


## D1, D2
func test_when_the_certificate_is_self_signed_then_it_is_untrusted() -> void:
	await _expect_refused("self_signed", WebSocketError.KIND_CERTIFICATE_UNTRUSTED)


## D1, D2
func test_when_the_certificate_is_for_another_host_then_that_is_told() -> void:
	await _expect_refused("wrong_name", WebSocketError.KIND_CERTIFICATE_NAME)


## D1, D2
func test_when_the_certificate_has_expired_then_that_is_told() -> void:
	await _expect_refused("expired", WebSocketError.KIND_CERTIFICATE_EXPIRED)


func test_when_the_name_is_overridden_then_the_certificate_may_be_for_another_host() -> void:
	var counterpart := server([{"tls": "wrong_name"}, "upgrade", "echo"])
	var peer := await opened(counterpart.url, TLSOptions.client(authority(), "other.invalid"))
	expect_eq(peer.get_ready_state(), OPEN)


func test_when_nothing_is_verified_then_any_certificate_will_do() -> void:
	for leaf: String in ["good", "wrong_name", "expired", "self_signed"]:
		var counterpart := server([{"tls": leaf}, "upgrade", {"text": leaf}, "echo"])
		expect_eq(await next_packet(await opened(counterpart.url, TLSOptions.client_unsafe())), leaf)


## E7
func test_when_nothing_is_verified_then_the_server_name_is_sent_all_the_same() -> void:
	var counterpart := server([{"tls": "good"}, "upgrade", "echo"])
	await opened("wss://localhost:%d" % counterpart.port, TLSOptions.client_unsafe())
	expect_eq(Testkit.named(counterpart.report(), "sni"), ["localhost"])


## D1, D2
func test_when_the_server_does_not_speak_tls_then_tls_fails() -> void:
	var answer := Array("HTTP/1.1 400 Bad Request\r\n\r\n".to_utf8_buffer())
	var url := "wss://127.0.0.1:%d" % server([{"raw": answer}, "fin", "hold"]).port
	await expect_failure(connecting(url, trusting()), WebSocketError.PHASE_TLS, WebSocketError.KIND_TLS_FAILED)


## D2
func test_when_the_server_hangs_up_in_the_middle_of_tls_then_tls_fails() -> void:
	var url := "wss://127.0.0.1:%d" % server(["fin", "hold"]).port
	await expect_failure(connecting(url, trusting()), WebSocketError.PHASE_TLS, WebSocketError.KIND_TLS_FAILED)


## D2
func test_when_a_secure_stream_ends_without_a_close_frame_then_it_is_lost() -> void:
	var peer := connecting(server([{"tls": "good"}, "upgrade", {"text": "last"}, "fin", "hold"]).url, trusting())
	expect_eq(await packets_until_closed(peer), ["last"])
	expect_eq(peer.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_LOST)


func _expect_refused(leaf: String, kind: WebSocketError.Kind) -> void:
	var peer := connecting(server([{"tls": leaf}, "upgrade", "echo"]).url, trusting())
	var error := await expect_failure(peer, WebSocketError.PHASE_TLS, kind)
	expect_true(not error.is_retryable())
	expect_close(peer, -1, "")
