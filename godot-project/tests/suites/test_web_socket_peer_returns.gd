extends "res://tests/peer_suite.gd"
## Defaults and return values: those of the engine's own class.

## Each with its default and further values, the largest that make sense and those that lift a limit included.
var _properties := {
	"supported_protocols": [PackedStringArray(), PackedStringArray(["chat", "game"])],
	"handshake_headers": [PackedStringArray(), PackedStringArray(["X-A: 1"])],
	"inbound_buffer_size": [65535, 1, 1 << 24],
	"outbound_buffer_size": [65535, 0, 1 << 24],
	"max_queued_packets": [4096, -1, 1, 100_000],
	"heartbeat_interval": [0.0, 2.5, 30.0],
}


func test_when_a_peer_is_new_then_its_properties_have_the_defaults_of_the_engine() -> void:
	var ours := TungstenWebSocketPeer.new()
	var theirs := WebSocketPeer.new()
	for property: String in _properties:
		expect_eq(ours.get(property), theirs.get(property), property)
		expect_eq(ours.get(property), _properties[property][0], property)
		expect_eq(ours.call("get_" + property), ours.get(property), property)


func test_when_a_property_is_set_then_it_is_read_back() -> void:
	for property: String in _properties:
		var peer := TungstenWebSocketPeer.new()
		for value: Variant in _properties[property].slice(1):
			peer.set(property, value)
			expect_eq(peer.get(property), value, property)
			expect_eq(peer.call("get_" + property), value, property)
		var setter_peer := TungstenWebSocketPeer.new()
		var last: Variant = _properties[property][-1]
		setter_peer.call("set_" + property, last)
		expect_eq(setter_peer.get(property), last, property)


func test_when_our_own_properties_are_set_then_they_are_read_back() -> void:
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.max_message_size, 16 * 1024 * 1024)
	expect_eq(peer.handshake_timeout, 10.0)
	expect_eq(peer.close_timeout, 5.0)
	expect_eq(peer.heartbeat_timeout, 5.0)
	for property: String in ["handshake_timeout", "close_timeout", "heartbeat_timeout"]:
		peer.set(property, 0.25)
		expect_eq(peer.get(property), 0.25, property)
		for wrong: float in [0.0, -1.0, NAN, INF, 1e19, 1.8e19, 1e300]:
			expect_error(property + ": ")
			peer.set(property, wrong)
			expect_eq(peer.get(property), 0.25, property)
	peer.max_message_size = 1
	for wrong: int in [0, -1, 1 << 31]:
		expect_error("max_message_size: %d is not between 1 and 2147483647 bytes" % wrong)
		peer.max_message_size = wrong
		expect_eq(peer.max_message_size, 1)


func test_when_the_heartbeat_interval_makes_no_sense_then_it_is_refused() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.heartbeat_interval = 2.5
	for wrong: float in [-1.0, NAN, INF, 1e19]:
		expect_error("heartbeat_interval: ")
		peer.heartbeat_interval = wrong
		expect_eq(peer.heartbeat_interval, 2.5)


func test_when_a_peer_is_new_then_it_is_closed_and_empty() -> void:
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.get_ready_state(), CLOSED)
	expect_eq([peer.get_close_code(), peer.get_close_reason()], [-1, ""])
	expect_eq([peer.get_selected_protocol(), peer.get_requested_url()], ["", ""])
	expect_eq([peer.get_available_packet_count(), peer.get_current_outbound_buffered_amount()], [0, 0])
	expect_eq(peer.was_string_packet(), false)
	expect_eq(peer.is_connected_to_host(), false)
	expect_eq(peer.get_packet_error(), OK)
	expect_true(peer.get_last_error() == null)
	peer.poll()
	expect_eq(peer.get_ready_state(), CLOSED)


func test_when_the_url_is_empty_then_it_is_an_invalid_parameter() -> void:
	expect_error("connect_to_url: the URL is empty")
	expect_eq(TungstenWebSocketPeer.new().connect_to_url(""), ERR_INVALID_PARAMETER)


func test_when_the_url_cannot_be_used_then_it_is_an_invalid_parameter() -> void:
	var complaints := {
		"http://127.0.0.1": "its scheme is http",
		"ftp://127.0.0.1": "its scheme is ftp",
		"ws://": "it has no host",
		"ws://127.0.0.1:0": "its port is 0",
		"ws://127.0.0.1:99999": "invalid port number",
		"ws://a:b:c": "invalid port number",
		"ws://[::1": "invalid IPv6 address",
	}
	for url: String in complaints:
		var peer := TungstenWebSocketPeer.new()
		expect_error("the URL cannot be used: " + complaints[url])
		expect_eq(peer.connect_to_url(url), ERR_INVALID_PARAMETER, url)
		expect_eq(peer.get_ready_state(), CLOSED, url)
		expect_eq(peer.get_requested_url(), "", url)


func test_when_the_options_are_those_of_a_server_then_they_are_an_invalid_parameter() -> void:
	var identity := testkit().ask({"identity": "good"})
	var key := CryptoKey.new()
	expect_eq(key.load_from_string(identity["key"]), OK)
	var certificate := X509Certificate.new()
	expect_eq(certificate.load_from_string(identity["certificate"]), OK)
	var options := TLSOptions.server(key, certificate)
	for url: String in ["ws://127.0.0.1", "wss://127.0.0.1"]:
		expect_error("connect_to_url: the TLSOptions are those of a server")
		expect_eq(TungstenWebSocketPeer.new().connect_to_url(url, options), ERR_INVALID_PARAMETER)


func test_when_a_connection_is_in_use_then_another_is_refused() -> void:
	var counterpart := server(["upgrade", {"text": "still here"}, "echo"])
	var peer := connecting(counterpart.url)
	expect_eq(peer.connect_to_url(counterpart.url), ERR_ALREADY_IN_USE, "while connecting")
	await until_state(peer, OPEN)
	expect_eq(peer.connect_to_url(counterpart.url), ERR_ALREADY_IN_USE, "while open")
	# Nothing is printed, whatever the arguments.
	expect_eq([peer.connect_to_url(""), peer.accept_stream(null)], [ERR_ALREADY_IN_USE, ERR_ALREADY_IN_USE])
	expect_eq(await next_packet(peer), "still here")


func test_when_a_connection_is_closing_then_another_may_be_opened() -> void:
	var counterpart := server([], {"scripts": [["upgrade", "drain", "hold"], ["upgrade", {"text": "second"}, "echo"]]})
	var peer := await opened(counterpart.url)
	peer.close()
	expect_eq(peer.get_ready_state(), CLOSING)
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	expect_eq(peer.get_ready_state(), CONNECTING)
	expect_eq(await next_packet(peer), "second")


func test_when_a_peer_is_not_open_then_sending_fails() -> void:
	var peer := connecting(server(["upgrade", "answer_close", "hold"]).url)
	_expect_no_sending(peer)
	await until_state(peer, OPEN)
	peer.close()
	_expect_no_sending(peer)
	await until_state(peer, CLOSED)
	_expect_no_sending(peer)
	_expect_no_sending(TungstenWebSocketPeer.new())


func test_when_no_packet_is_there_then_that_is_told() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	expect_eq(peer.get_packet(), PackedByteArray())
	expect_eq(peer.get_packet_error(), ERR_UNAVAILABLE, "while open")
	peer.close(-1)
	expect_eq(peer.get_packet(), PackedByteArray())
	expect_eq(peer.get_packet_error(), FAILED, "when closed")


func test_when_an_empty_packet_is_put_then_nothing_happens() -> void:
	expect_eq(TungstenWebSocketPeer.new().put_packet(PackedByteArray()), OK)
	expect_eq(TungstenWebSocketPeer.new().put_packet(PackedByteArray()), WebSocketPeer.new().put_packet(PackedByteArray()))


func test_when_there_is_no_connection_then_no_delay_is_an_error() -> void:
	expect_error("set_no_delay: there is no connection")
	TungstenWebSocketPeer.new().set_no_delay(true)


func test_when_there_is_a_connection_then_no_delay_can_be_changed() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	peer.set_no_delay(false)
	peer.set_no_delay(true)
	expect_eq(peer.send_text("quick"), OK)
	expect_eq(await next_packet(peer), "quick")


func _expect_no_sending(peer: TungstenWebSocketPeer) -> void:
	expect_eq(peer.send("x".to_utf8_buffer()), FAILED)
	expect_eq(peer.send_text("x"), FAILED)
	expect_eq(peer.put_packet("x".to_utf8_buffer()), FAILED)
	expect_eq(peer.put_var(7), FAILED)
	expect_eq(peer.get_current_outbound_buffered_amount(), 0)
