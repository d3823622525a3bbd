extends "res://tests/suite.gd"


func test_when_a_server_is_started_then_it_listens() -> void:
	var peer := server(["hold"])
	var stream := await _connect(peer.port)
	expect_eq(stream.get_status(), StreamPeerTCP.STATUS_CONNECTED)


func test_when_an_event_comes_later_then_it_is_waited_for() -> void:
	var peer := server(["hold"])
	var stream := await _connect(peer.port)
	stream.disconnect_from_host()
	var events := await peer.wait_for("eof")
	expect_eq(Testkit.named(events, "eof"), [null])
	expect_eq(Testkit.named(peer.report(), "accepted").size(), 1)


func test_when_a_server_waits_then_it_can_be_released() -> void:
	var peer := server([{"wait": "go"}, {"raw": [104, 105]}, "fin"])
	var stream := await _connect(peer.port)
	expect_eq(stream.get_available_bytes(), 0)
	peer.release("go")
	await until(func() -> bool: return stream.poll() == OK and stream.get_available_bytes() == 2)
	expect_eq(stream.get_utf8_string(2), "hi")


func test_when_an_event_does_not_come_then_an_error_is_reported() -> void:
	expect_error("the time was up before the awaited event")
	expect_eq(await server(["hold"]).wait_for("eof", 0.05), [])


func test_when_a_port_is_closed_then_nobody_answers() -> void:
	var stream := StreamPeerTCP.new()
	stream.connect_to_host("127.0.0.1", testkit().closed_port())
	await until(func() -> bool:
		stream.poll()
		return stream.get_status() == StreamPeerTCP.STATUS_ERROR)


func test_when_a_server_is_stopped_then_its_connections_end() -> void:
	var peer := server(["stall"])
	var stream := await _connect(peer.port)
	await peer.wait_for("accepted")
	peer.stop()
	await until(func() -> bool:
		stream.poll()
		return stream.get_status() != StreamPeerTCP.STATUS_CONNECTED)
	expect_eq(Testkit.named(peer.report(), "accepted").size(), 1)


func test_when_the_authority_is_asked_for_then_it_is_a_certificate() -> void:
	expect_eq(authority().get_class(), "X509Certificate")


func _connect(port: int) -> StreamPeerTCP:
	var stream := StreamPeerTCP.new()
	expect_eq(stream.connect_to_host("127.0.0.1", port), OK)
	await until(func() -> bool:
		stream.poll()
		return stream.get_status() == StreamPeerTCP.STATUS_CONNECTED)
	return stream
