extends "res://tests/peer_suite.gd"
## Failures say what happened, to the game and not to the console: the runner fails a test when anything is printed.


## D1, D2
func test_when_nobody_listens_then_the_connection_is_refused() -> void:
	var peer := connecting("ws://127.0.0.1:%d" % testkit().closed_port())
	var error := await expect_failure(peer, WebSocketError.PHASE_CONNECT, WebSocketError.KIND_CONNECTION_REFUSED)
	expect_true(error.is_retryable())
	expect_close(peer, -1, "")


## D1, D2
func test_when_the_host_has_no_address_then_the_name_is_not_found() -> void:
	# No label of a name may have 64 characters, so no server is asked.
	var peer := connecting("ws://%s.invalid" % "x".repeat(64))
	expect_eq(peer.get_ready_state(), CONNECTING)
	await expect_failure(peer, WebSocketError.PHASE_RESOLVE, WebSocketError.KIND_NAME_NOT_FOUND)
	expect_close(peer, -1, "")


## D1, D2
func test_when_the_server_refuses_then_status_headers_and_body_are_there() -> void:
	var head := ["HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic", "Content-Length: 8"]
	var peer := connecting(server([{"respond": {"head": head, "body": "no entry"}}, "fin", "hold"]).url)
	var error := await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_HTTP_STATUS)
	expect_eq(error.get_http_status(), 401)
	expect_true(error.get_http_headers().has("WWW-Authenticate: Basic"), str(error.get_http_headers()))
	expect_eq(error.get_http_body().get_string_from_utf8(), "no entry")
	expect_true(not error.is_retryable())
	for property: String in ["phase", "kind", "message", "http_status", "http_headers", "http_body"]:
		expect_eq(error.get(property), error.call("get_" + property), property)


## D1, D2
func test_when_the_server_is_busy_then_another_attempt_makes_sense() -> void:
	var head := ["HTTP/1.1 503 Service Unavailable", "Content-Length: 0"]
	var peer := connecting(server([{"respond": {"head": head}}, "hold"]).url)
	var error := await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_HTTP_STATUS)
	expect_eq([error.get_http_status(), error.is_retryable()], [503, true])


## D1, D2
func test_when_the_server_redirects_then_the_place_is_told() -> void:
	var head := ["HTTP/1.1 302 Found", "Location: ws://elsewhere.invalid/", "Content-Length: 0"]
	var peer := connecting(server([{"respond": {"head": head}}, "hold"]).url)
	var error := await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_REDIRECTED)
	expect_eq(error.get_http_status(), 302)
	expect_true(error.get_message().contains("ws://elsewhere.invalid/"), error.get_message())


## D1, D2
func test_when_no_requested_protocol_is_chosen_then_the_connection_fails() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.supported_protocols = ["chat", "game"]
	expect_eq(peer.connect_to_url(server([_answer([]), "hold"]).url), OK)
	await _expect_mismatch(peer)


## D1, D2
func test_when_another_protocol_is_chosen_then_the_connection_fails() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.supported_protocols = ["chat", "game"]
	expect_eq(peer.connect_to_url(server([_answer(["Sec-WebSocket-Protocol: mail"]), "hold"]).url), OK)
	await _expect_mismatch(peer)


## E6
func test_when_a_protocol_is_chosen_that_nobody_asked_for_then_the_connection_fails() -> void:
	await _expect_mismatch(connecting(server([_answer(["Sec-WebSocket-Protocol: chat"]), "hold"]).url))


## E6
func test_when_an_extension_is_chosen_that_nobody_asked_for_then_the_connection_fails() -> void:
	var peer := connecting(server([_answer(["Sec-WebSocket-Extensions: x-unknown"]), "hold"]).url)
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_UNEXPECTED_EXTENSION)


## D2
func test_when_the_answer_is_no_http_then_the_connection_fails() -> void:
	var peer := connecting(server(["read_request", {"raw": Array("SSH-2.0-server\r\n".to_utf8_buffer())}, "hold"]).url)
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_INVALID_RESPONSE)


## D2
func test_when_the_accept_key_is_wrong_then_the_connection_fails() -> void:
	var head := ["HTTP/1.1 101 OK", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: wrong"]
	var peer := connecting(server([{"respond": {"head": head}}, "hold"]).url)
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_INVALID_RESPONSE)


## D2
func test_when_the_server_hangs_up_while_upgrading_then_the_connection_is_lost() -> void:
	for script: Array in [["read_request", "fin", "hold"], ["read_request", "rst"]]:
		var peer := connecting(server(script).url)
		var error := await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_CONNECTION_LOST)
		expect_true(error.is_retryable())


## D2
func test_when_the_connection_is_reset_then_it_is_lost() -> void:
	var counterpart := server(["upgrade", {"wait": "go"}, "rst"])
	var peer := await opened(counterpart.url)
	counterpart.release("go")
	await expect_failure(peer, WebSocketError.PHASE_OPEN, WebSocketError.KIND_CONNECTION_LOST)
	expect_close(peer, -1, "")


## D2
func test_when_a_frame_breaks_the_protocol_then_1002_is_sent() -> void:
	# Opcode 3 is reserved.
	await _expect_violation([0x83, 0x00], 1002, WebSocketError.KIND_PROTOCOL_VIOLATION)


## D2
func test_when_a_text_is_not_utf8_then_1007_is_sent() -> void:
	await _expect_violation([0x81, 0x02, 0xC3, 0x28], 1007, WebSocketError.KIND_INVALID_TEXT)


func test_when_a_connection_failed_then_the_peer_can_be_used_again() -> void:
	var peer := connecting("ws://127.0.0.1:%d" % testkit().closed_port())
	await until_state(peer, CLOSED)
	expect_eq(peer.connect_to_url(server(["upgrade", {"text": "again"}, "echo"]).url), OK)
	expect_true(peer.get_last_error() == null, "the error belongs to the last connection")
	expect_eq(await next_packet(peer), "again")


func _answer(extra: Array) -> Dictionary:
	var head := ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
	return {"respond": {"head": head + ["Sec-WebSocket-Accept: {accept}"] + extra}}


func _expect_mismatch(peer: TungstenWebSocketPeer) -> void:
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_PROTOCOL_MISMATCH)
	expect_eq(peer.get_selected_protocol(), "")


func _expect_violation(bytes: Array, code: int, kind: WebSocketError.Kind) -> void:
	var counterpart := server(["upgrade", {"text": "fine"}, {"frame_raw": bytes}, "hold"])
	var peer := connecting(counterpart.url)
	expect_eq(await packets_until_closed(peer), ["fine"])
	expect_eq(peer.get_close_code(), code)
	expect_eq(peer.get_last_error().get_kind(), kind)
	expect_eq(Testkit.named(await counterpart.wait_for("close"), "close")[0][0], code)
