extends "res://tests/server_suite.gd"
## What the class has: that of Godot 3 and more, with its defaults.

const _METHODS := [
	"listen", "stop", "is_listening", "get_local_port", "has_peer", "get_peer", "get_peers", "get_peer_address",
	"get_peer_port", "disconnect_peer", "set_extra_headers", "send", "send_text", "set_buffers", "broadcast", "broadcast_text",
]
const _SIGNALS := {
	"client_connected": ["id", "protocol", "resource_name"],
	"client_disconnected": ["id", "was_clean_close"],
	"client_close_request": ["id", "code", "reason"],
	"data_received": ["id"],
	"failed": ["id", "error"],
	"message_received": ["id", "data"],
}


func test_when_members_are_looked_up_then_they_are_there() -> void:
	var defaults := {
		"listen": [PackedStringArray(), false],
		"stop": [1000, ""],
		"disconnect_peer": [1000, ""],
		"set_extra_headers": [PackedStringArray()],
	}
	for method: String in _METHODS:
		expect_true(ClassDB.class_has_method(&"WebSocketServer", method, true), method)
	for description in ClassDB.class_get_method_list(&"WebSocketServer", true):
		if defaults.has(description["name"]):
			expect_eq(description["default_args"], defaults[description["name"]], description["name"])
	for description in ClassDB.class_get_signal_list(&"WebSocketServer", true):
		var arguments: Array = description["args"].map(func(argument: Dictionary) -> String: return argument["name"])
		expect_eq(arguments, _SIGNALS.get(description["name"]), description["name"])
	expect_eq(ClassDB.class_get_signal_list(&"WebSocketServer", true).size(), _SIGNALS.size())
	expect_true(ClassDB.is_parent_class(&"WebSocketServer", &"MultiplayerPeer"))


func test_when_a_server_is_new_then_its_properties_have_their_defaults() -> void:
	host = WebSocketServer.new()
	expect_eq([host.bind_ip, host.handshake_timeout], ["*", 3.0])
	expect_true(host.private_key == null and host.ssl_certificate == null and host.ca_chain == null)
	expect_eq([host.max_clients, host.max_pending_clients], [0, 1024])
	expect_eq([host.allowed_origins, host.request_filter.is_valid()], [PackedStringArray(), false])
	expect_eq([host.is_listening(), host.get_local_port(), host.get_peers()], [false, 0, PackedInt32Array()])
	expect_eq(host.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(host.refuse_new_connections, false)


func test_when_it_listens_then_it_says_where() -> void:
	start()
	expect_eq(host.is_listening(), true)
	expect_true(host.get_local_port() > 0)
	expect_eq(host.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED)
	expect_eq(host.get_unique_id(), 1)


func test_when_it_listens_already_then_listening_is_refused() -> void:
	start()
	expect_eq(host.listen(0), ERR_ALREADY_IN_USE)
	expect_eq(host.is_listening(), true)


func test_when_the_port_is_taken_then_listening_is_refused() -> void:
	start()
	var other := WebSocketServer.new()
	other.bind_ip = "127.0.0.1"
	expect_eq(other.listen(host.get_local_port()), ERR_ALREADY_IN_USE)
	expect_eq(other.is_listening(), false)


func test_when_the_port_is_none_then_listening_is_refused() -> void:
	prepare()
	expect_error("70000 is no port")
	expect_eq(host.listen(70_000), ERR_INVALID_PARAMETER)
	expect_error("-1 is no port")
	expect_eq(host.listen(-1), ERR_INVALID_PARAMETER)
	expect_eq(host.is_listening(), false)


func test_when_the_address_is_that_of_another_machine_then_listening_is_refused() -> void:
	prepare()
	# For documentation only (RFC 5737), so this machine does not have it.
	host.bind_ip = "192.0.2.1"
	expect_eq(host.listen(0), ERR_CANT_CREATE)


func test_when_it_listens_again_then_the_same_port_is_free() -> void:
	start()
	var port := host.get_local_port()
	host.stop()
	expect_eq([host.is_listening(), host.get_local_port()], [false, 0])
	expect_eq(host.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(host.listen(port), OK)
	expect_eq(host.get_local_port(), port)
	await join()


func test_when_it_listens_everywhere_then_it_is_there_with_both_kinds_of_addresses() -> void:
	prepare()
	host.bind_ip = "*"
	expect_eq(host.listen(0), OK)
	await join()
	expect_eq(host.get_peer_address(ids[0]), "127.0.0.1")
	var client := TungstenWebSocketPeer.new()
	clients.append(client)
	expect_eq(client.connect_to_url("ws://[::1]:%d" % host.get_local_port()), OK)
	await until_heard("client_connected", 2)
	expect_eq(host.get_peer_address(ids[1]), "0:0:0:0:0:0:0:1")


func test_when_it_listens_then_what_needs_a_restart_cannot_be_changed() -> void:
	start()
	for property: String in ["bind_ip", "private_key", "ssl_certificate", "ca_chain"]:
		expect_error(property + ": it cannot be changed while the server is listening")
	host.bind_ip = "*"
	host.private_key = CryptoKey.new()
	host.ssl_certificate = X509Certificate.new()
	host.ca_chain = X509Certificate.new()
	expect_eq(host.bind_ip, "127.0.0.1")
	expect_true(host.private_key == null and host.ssl_certificate == null and host.ca_chain == null)
	expect_error("set_buffers: the server is listening")
	expect_eq(host.set_buffers(1, 1, 1, 1), FAILED)


func test_when_a_value_makes_no_sense_then_it_is_refused() -> void:
	prepare()
	expect_error("bind_ip: \"somewhere\" is neither an address")
	host.bind_ip = "somewhere"
	expect_error("handshake_timeout: 0 is not a number of seconds above 0")
	host.handshake_timeout = 0.0
	expect_error("handshake_timeout: 10000000000000000000 is not a number of seconds above 0, up to 1e9")
	host.handshake_timeout = 1e19
	expect_eq([host.bind_ip, host.handshake_timeout], ["127.0.0.1", 3.0])
	host.max_clients = -5
	host.max_pending_clients = 0
	expect_eq([host.max_clients, host.max_pending_clients], [0, 1])


func test_when_times_are_the_longest_then_clients_come_and_go() -> void:
	start()
	host.handshake_timeout = 1e9
	var client := await join()
	for end: TungstenWebSocketPeer in [client, peer()]:
		for property: String in ["handshake_timeout", "close_timeout", "heartbeat_interval", "heartbeat_timeout"]:
			end.set(property, 1e9)
			expect_eq(end.get(property), 1e9, property)
	await poll_on()
	client.close()
	await until_closed(client)
	await until_heard("client_disconnected")


func test_when_only_half_of_an_identity_is_set_then_listening_is_refused() -> void:
	prepare()
	host.private_key = Crypto.new().generate_rsa(2048)
	expect_error("TLS needs both private_key and ssl_certificate")
	expect_eq(host.listen(0), ERR_INVALID_PARAMETER)


func test_when_a_client_is_in_then_it_can_be_asked_about() -> void:
	start()
	var client := await join("/there")
	var id := ids[0]
	expect_true(id >= 2)
	expect_eq([host.has_peer(id), host.has_peer(1), host.get_peers()], [true, false, PackedInt32Array([id])])
	expect_eq([host.get_peer_address(id), host.get_peer(id).get_requested_url()], ["127.0.0.1", url("/there")])
	expect_true(host.get_peer_port(id) > 0 and host.get_peer_port(id) != host.get_local_port())
	expect_eq(client.get_connected_port(), host.get_local_port())


func test_when_nobody_has_the_id_then_there_is_nothing_to_tell() -> void:
	start()
	expect_true(host.get_peer(77) == null)
	expect_eq([host.get_peer_address(77), host.get_peer_port(77)], ["", 0])
	expect_error("disconnect_peer: there is no peer 77")
	host.disconnect_peer(77)
	expect_eq([host.send(77, PackedByteArray([1])), host.send_text(77, "one")], [ERR_INVALID_PARAMETER, ERR_INVALID_PARAMETER])


func test_when_extra_headers_are_set_then_the_client_gets_them() -> void:
	start()
	host.set_extra_headers(["X-Game: Tungsten", "X-Level: 7"])
	var client := await join()
	var headers := Array(client.get_response_headers())
	expect_true(headers.has("X-Game: Tungsten") and headers.has("X-Level: 7"), str(headers))
	expect_eq([client.get_response_header("x-level"), client.get_request_header("Host")], ["7", ""])
	host.set_extra_headers()
	client = await join()
	expect_true(not Array(client.get_response_headers()).has("X-Level: 7"))


func test_when_buffers_are_set_then_they_are_those_of_the_peers() -> void:
	prepare()
	expect_eq(host.set_buffers(128, 64, 256, 32), OK)
	expect_eq(host.listen(0), OK)
	await join()
	expect_eq([peer().inbound_buffer_size, peer().outbound_buffer_size], [128 * 1024, 256 * 1024])
	expect_eq(peer().max_queued_packets, 64)


func test_when_settings_are_made_then_they_are_those_of_the_peers_to_come() -> void:
	start()
	await join()
	var settings := {
		"inbound_buffer_size": 1000, "outbound_buffer_size": 2000, "max_queued_packets": 10, "max_message_size": 3000,
		"close_timeout": 1.5, "heartbeat_interval": 60.0, "heartbeat_timeout": 2.5, "handshake_timeout": 4.0,
		"compression_threshold": 7, "compression_level": 3, "compression": TungstenWebSocketPeer.COMPRESSION_ENABLED,
	}
	for property: String in settings:
		expect_true(peer().get(property) == host.get(property) and peer().get(property) != settings[property], property)
		host.set(property, settings[property])
		expect_eq(host.get(property), settings[property], property)
	await join()
	peer(2).max_queued_packets = 20
	for property: String in settings:
		var value: Variant = settings[property]
		expect_true(peer(1).get(property) != value, "of the first: " + property)
		expect_eq(peer(2).get(property), 20 if property == "max_queued_packets" else value, "of the second: " + property)
		expect_eq(host.get(property), value, "of the server: " + property)


func test_when_protocols_and_headers_are_properties_then_the_client_gets_them() -> void:
	prepare()
	host.supported_protocols = ["chat", " x "]
	host.handshake_headers = ["X-Game: Tungsten"]
	expect_eq([host.listen(0), host.supported_protocols], [OK, PackedStringArray(["chat", "x"])])
	var client := TungstenWebSocketPeer.new()
	client.supported_protocols = ["x"]
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_heard("client_connected")
	expect_eq(client.get_selected_protocol(), "x")
	expect_true(Array(client.get_response_headers()).has("X-Game: Tungsten"))


func test_when_it_listens_with_protocols_then_they_become_the_property() -> void:
	prepare()
	host.supported_protocols = ["chat"]
	expect_error("listen: the sub-protocol \"not a token\" cannot be requested")
	expect_eq(host.listen(0, ["not a token"]), ERR_INVALID_PARAMETER)
	expect_eq(host.supported_protocols, PackedStringArray(["chat"]))
	expect_eq(host.listen(0, ["x"]), OK)
	expect_eq(host.supported_protocols, PackedStringArray(["x"]))
	host.set_extra_headers(["X-Game: Tungsten"])
	expect_eq(host.handshake_headers, PackedStringArray(["X-Game: Tungsten"]))


func test_when_settings_cannot_be_sent_then_listening_is_refused() -> void:
	for property: String in ["supported_protocols", "handshake_headers"]:
		prepare()
		host.set(property, PackedStringArray(["a\r\nb"]))
		expect_error("WebSocketServer.listen: the ")
		expect_eq(host.listen(0), ERR_INVALID_PARAMETER, property)


func test_when_a_message_is_for_one_client_then_only_that_one_gets_it() -> void:
	start()
	await join()
	await join()
	expect_eq(host.send_text(ids[1], "grün"), OK)
	expect_eq(host.send(ids[1], PackedByteArray([1, 2])), OK)
	expect_eq(host.send(ids[1], "as text".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	await until_so(func() -> bool: return clients[1].get_available_packet_count() == 3)
	var messages := [clients[1].get_message(), clients[1].get_message(), clients[1].get_message()]
	expect_eq(messages, ["grün", PackedByteArray([1, 2]), "as text"])
	expect_eq(clients[0].get_available_packet_count(), 0)
