extends "res://tests/client_suite.gd"
## What the class has beside its signals: that of Godot 3 and of the first versions of Godot 4.

const _METHODS := [
	"connect_to_url", "disconnect_from_host", "get_peer", "get_connected_host", "get_connected_port", "set_buffers",
	"is_verify_ssl_enabled", "set_verify_ssl_enabled", "is_verify_tls_enabled", "set_verify_tls_enabled",
	"get_trusted_ssl_certificate", "set_trusted_ssl_certificate", "get_trusted_tls_certificate", "set_trusted_tls_certificate",
]
const _SIGNALS := {
	"connection_established": ["protocol"],
	"connection_error": [],
	"connection_closed": ["was_clean_close"],
	"data_received": [],
	"server_close_request": ["code", "reason"],
	"message_received": ["data"],
	"failed": ["error"],
}


func test_when_members_are_looked_up_then_they_are_there() -> void:
	for method: String in _METHODS:
		expect_true(ClassDB.class_has_method(&"WebSocketClient", method, true), method)
	for description in ClassDB.class_get_signal_list(&"WebSocketClient", true):
		var arguments: Array = description["args"].map(func(argument: Dictionary) -> String: return argument["name"])
		expect_eq(arguments, _SIGNALS.get(description["name"]), description["name"])
	expect_eq(ClassDB.class_get_signal_list(&"WebSocketClient", true).size(), _SIGNALS.size())


func test_when_the_class_is_looked_up_then_it_is_a_multiplayer_peer() -> void:
	expect_true(ClassDB.is_parent_class(&"WebSocketClient", &"MultiplayerPeer"))
	expect_eq(WebSocketClient.new().get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_true(WebSocketClient.new().get_peer(1) == null)


func test_when_connect_to_url_is_looked_up_then_it_has_the_defaults_of_godot_3() -> void:
	for description in ClassDB.class_get_method_list(&"WebSocketClient", true):
		if description["name"] == "connect_to_url":
			expect_eq(description["default_args"], [PackedStringArray(), false, PackedStringArray()])
		if description["name"] == "disconnect_from_host":
			expect_eq(description["default_args"], [1000, ""])


func test_when_verification_is_set_then_both_names_tell_it() -> void:
	listen()
	expect_eq([client.verify_ssl, client.verify_tls], [true, true])
	client.verify_ssl = false
	expect_eq([client.verify_tls, client.is_verify_tls_enabled(), client.is_verify_ssl_enabled()], [false, false, false])
	client.verify_tls = true
	expect_eq(client.verify_ssl, true)


func test_when_a_certificate_is_trusted_then_both_names_tell_it() -> void:
	listen()
	var certificate := authority()
	client.trusted_ssl_certificate = certificate
	expect_true(client.trusted_tls_certificate == certificate and client.get_trusted_ssl_certificate() == certificate)


func test_when_a_certificate_is_trusted_then_the_connection_opens() -> void:
	listen()
	client.trusted_ssl_certificate = authority()
	expect_eq(client.connect_to_url(server([{"tls": "good"}, "upgrade", "echo"]).url), OK)
	await until_heard("connection_established")
	expect_error("trusted_tls_certificate: there is a connection already")
	client.trusted_ssl_certificate = null
	expect_true(client.trusted_ssl_certificate != null)


func test_when_no_certificate_is_trusted_then_the_connection_fails_unless_nothing_is_verified() -> void:
	var url := server([{"tls": "self_signed"}, "upgrade", "echo"]).url
	listen_to(url)
	await until_heard("connection_error")
	client.verify_ssl = false
	expect_eq(client.connect_to_url(url), OK)
	await until_heard("connection_established")


func test_when_headers_are_given_then_they_are_sent() -> void:
	var counterpart := server(["upgrade", "echo"])
	listen()
	expect_eq(client.connect_to_url(counterpart.url, [], false, ["X-Game: yes"]), OK)
	await until_heard("connection_established")
	expect_true(Testkit.named(counterpart.report(), "request")[0].contains("X-Game: yes\r\n"))


func test_when_connected_then_host_and_port_are_told() -> void:
	var counterpart := server(["upgrade", "echo"])
	listen_to("ws://localhost:%d" % counterpart.port)
	await until_heard("connection_established")
	expect_eq([client.get_connected_host(), client.get_connected_port()], ["127.0.0.1", counterpart.port])
	expect_eq(client.get_peer(1).get_connected_port(), counterpart.port)
	expect_true(client.get_peer(2) == null)


func test_when_a_connection_is_in_use_then_another_is_refused() -> void:
	var url := server(["upgrade", "echo"]).url
	listen_to(url)
	expect_eq(client.connect_to_url(url), ERR_ALREADY_IN_USE)
	expect_error("set_buffers: there is a connection already")
	expect_eq(client.set_buffers(1, 1, 1, 1), FAILED)
	await until_heard("connection_established")
	expect_eq(client.connect_to_url(url), ERR_ALREADY_IN_USE)


func test_when_the_url_cannot_be_used_then_no_signal_comes() -> void:
	listen()
	expect_error("the URL cannot be used: its scheme is http")
	expect_eq(client.connect_to_url("http://127.0.0.1"), ERR_INVALID_PARAMETER)
	expect_error("connect_to_url: the URL is empty")
	expect_eq(client.connect_to_url(""), ERR_INVALID_PARAMETER)
	await poll_on()
	expect_eq(heard, [])


func test_when_buffers_are_set_then_they_are_those_of_the_peer() -> void:
	listen()
	expect_eq(client.set_buffers(128, 64, 256, 32), OK)
	expect_eq(client.connect_to_url(server(["upgrade", "echo"]).url), OK)
	var peer := client.get_peer(1)
	expect_eq([peer.inbound_buffer_size, peer.outbound_buffer_size], [128 * 1024, 256 * 1024])
