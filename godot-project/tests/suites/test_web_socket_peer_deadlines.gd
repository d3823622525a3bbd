extends "res://tests/peer_suite.gd"
## Every state ends. The deadlines are far away until the state is reached that is to end, so that none ends before.

const PASSED_S := 0.001


## C1
func test_when_the_upgrade_is_never_answered_then_connecting_ends() -> void:
	var counterpart := server(["read_request", "stall"])
	var peer := connecting(counterpart.url)
	await until_seen(peer, counterpart, "request")
	expect_eq(peer.get_ready_state(), CONNECTING)
	peer.handshake_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_HANDSHAKE_TIMEOUT)
	expect_close(peer, -1, "")


## C1
func test_when_half_an_answer_comes_then_connecting_ends() -> void:
	var half := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso".to_utf8_buffer()
	var counterpart := server(["read_request", {"raw": Array(half)}, "stall"])
	var peer := connecting(counterpart.url)
	await until_seen(peer, counterpart, "request")
	expect_eq(peer.get_ready_state(), CONNECTING)
	peer.handshake_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_HANDSHAKE_TIMEOUT)


## C2
func test_when_tls_is_never_answered_then_connecting_ends() -> void:
	var counterpart := server(["stall"])
	var peer := connecting("wss://127.0.0.1:%d" % counterpart.port, TLSOptions.client_unsafe())
	await until_seen(peer, counterpart, "accepted")
	expect_eq(peer.get_ready_state(), CONNECTING)
	peer.handshake_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_TLS, WebSocketError.KIND_HANDSHAKE_TIMEOUT)


func test_when_tcp_never_connects_then_connecting_ends() -> void:
	var hole := testkit().ask("black_hole")
	var peer := connecting("ws://127.0.0.1:%d" % hole["port"])
	peer.poll()
	expect_eq(peer.get_ready_state(), CONNECTING)
	peer.handshake_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_CONNECT, WebSocketError.KIND_HANDSHAKE_TIMEOUT)
	testkit().ask({"stop": hole["id"]})


## C3
func test_when_our_close_is_never_answered_then_closing_ends_and_is_not_clean() -> void:
	var peer := await opened(server(["upgrade", "drain", "stall"]).url)
	peer.close(1000, "bye")
	peer.poll()
	expect_eq(peer.get_ready_state(), CLOSING)
	peer.close_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_CLOSE, WebSocketError.KIND_CLOSE_TIMEOUT)
	expect_close(peer, -1, "")


## C4
func test_when_a_close_reason_is_too_long_then_it_is_cut_at_a_character() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	var peer := await opened(counterpart.url)
	expect_warning("close: the reason was cut to the 123 bytes that a close frame holds")
	peer.close(1000, "ü".repeat(100))
	await until_state(peer, CLOSED)
	await expect_close_seen(counterpart, 1000, "ü".repeat(61))
	expect_close(peer, 1000, "ü".repeat(61))


func test_when_pings_are_not_answered_then_the_connection_is_given_up() -> void:
	var counterpart := server(["upgrade", "mute", "hold"])
	var peer := await opened(counterpart.url)
	peer.heartbeat_interval = PASSED_S
	await until_seen(peer, counterpart, "ping")
	expect_eq(peer.get_ready_state(), OPEN)
	peer.heartbeat_timeout = PASSED_S
	await expect_failure(peer, WebSocketError.PHASE_OPEN, WebSocketError.KIND_HEARTBEAT_TIMEOUT)
	expect_true(Testkit.named(counterpart.report(), "ping").size() >= 1)


func test_when_pings_are_answered_then_the_connection_stays_open() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.heartbeat_interval = 0.02
	peer.heartbeat_timeout = 10.0
	var counterpart := server(["upgrade", {"expect_ping": 5}, {"text": "enough"}, "echo"])
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	expect_eq(await next_packet(peer), "enough")
	expect_eq(peer.get_ready_state(), OPEN)
