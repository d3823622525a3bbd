extends "res://tests/suite.gd"
## What is printed for mistakes of a script: never what is in a message, always the name of the class, and only while
## nothing is in use that a listener may use.

## Nobody wants to read this on a console.
const SECRET := "the password is swordfish"


func test_when_an_argument_has_a_wrong_type_then_the_error_does_not_show_it() -> void:
	var log: Variant = listen_to_console()
	var large := SECRET.repeat(40_000)
	var calls := {
		"WebSocketPeer": [
			["send", large], ["send", {SECRET: SECRET}], ["send_text", large.to_utf8_buffer()], ["ping", large],
			["put_packet", large], ["close", large], ["close", 1000, [SECRET]], ["send", PackedByteArray(), SECRET],
			["connect_to_url", [SECRET]], ["connect_to_url", SECRET, SECRET], ["set_handshake_headers", {SECRET: SECRET}],
		],
		"WebSocketServer": [
			["broadcast", large], ["broadcast_text", large.to_utf8_buffer()], ["put_packet", large],
			["disconnect_peer", 2, 1000, [SECRET]], ["stop", SECRET], ["set_extra_headers", {SECRET: SECRET}],
		],
		"WebSocketClient": [["put_packet", large], ["disconnect_from_host", SECRET], ["connect_to_url", {SECRET: SECRET}]],
		"WebSocketMultiplayerPeer": [["put_packet", large], ["create_client", [SECRET]]],
		"WebSocketNode": [["send", large], ["send_text", large.to_utf8_buffer()], ["close", SECRET], ["open", [SECRET]]],
	}
	for plain: String in calls:
		expect_error("Cannot convert argument ", calls[plain].size())
		var object := make(plain)
		for call: Array in calls[plain]:
			expect_eq(_call(object, call[0], call.slice(1)), null, "%s.%s" % [plain, call[0]])
		if object is Node:
			object.free()
	_expect_clean(log)


func test_when_the_number_of_arguments_is_wrong_then_the_engine_says_so() -> void:
	var log: Variant = listen_to_console()
	expect_error("Expected 2 argument(s)")
	expect_error("Expected 1 argument(s)")
	var peer: Variant = make("WebSocketPeer")
	expect_eq(_call(peer, "send", [PackedByteArray(), 1, SECRET]), null)
	expect_eq(_call(peer, "send_text", []), null)
	_expect_clean(log)


func test_when_the_object_is_of_another_class_then_the_error_is_that_of_the_engine() -> void:
	expect_error("Cannot convert argument ", 2)
	var log: Variant = listen_to_console()
	var peer := make("WebSocketPeer")
	expect_eq(_call(peer, "accept_stream", [RefCounted.new()]), null)
	expect_eq(_call(peer, "connect_to_url", ["wss://127.0.0.1", StreamPeerTCP.new()]), null)
	_expect_clean(log)


func test_when_the_engine_would_convert_an_argument_then_it_is_converted() -> void:
	var peer: Variant = make("WebSocketPeer")
	expect_eq(_call(peer, "send", [[1, 2, 3]]), FAILED, "an Array for a PackedByteArray")
	expect_eq(_call(peer, "send_text", [&"name"]), FAILED, "a StringName for a String")
	expect_eq(_call(peer, "ping", [[1]]), FAILED)
	peer.handshake_headers = ["X: 1", "Y: 2"] as Array
	expect_eq(peer.handshake_headers, PackedStringArray(["X: 1", "Y: 2"]))
	peer.heartbeat_interval = 2
	expect_eq(peer.heartbeat_interval, 2.0)
	peer.max_message_size = 100.0
	expect_eq(peer.max_message_size, 100)
	expect_eq(_call(peer, "connect_to_url", ["ws://127.0.0.1:1", null]), OK, "null for an object")


func test_when_a_script_makes_a_mistake_then_the_error_names_the_class_as_the_script_does() -> void:
	var peer := class_named("WebSocketPeer")
	var multiplayer_peer := class_named("WebSocketMultiplayerPeer")
	expect_error(peer + ".close: ")
	expect_error(peer + ".heartbeat_interval: ")
	expect_error(peer + ".connect_to_url: the URL is empty")
	expect_error(peer + ".accept_stream: the stream is null")
	expect_error(multiplayer_peer + ".create_client: the URL is empty")
	expect_error(multiplayer_peer + ".create_server: 70000 is no port")
	for property: String in ["handshake_timeout", "close_timeout", "heartbeat_timeout", "compression_level", "max_message_size"]:
		expect_error("%s.%s: " % [multiplayer_peer, property])
	expect_error(class_named("WebSocketClient") + ".connect_to_url: ")
	expect_error(class_named("WebSocketServer") + ".listen: ")
	expect_error(class_named("WebSocketNode") + ".heartbeat_interval: ")
	expect_error(class_named("WebSocketNode") + ".open: ")
	var log: Variant = listen_to_console()
	var one: Variant = make("WebSocketPeer")
	one.close(5)
	one.heartbeat_interval = -1.0
	expect_eq([one.connect_to_url(""), one.accept_stream(null)], [ERR_INVALID_PARAMETER, ERR_INVALID_PARAMETER])
	var many: Variant = make("WebSocketMultiplayerPeer")
	expect_eq([many.create_client(""), many.create_server(70_000)], [ERR_INVALID_PARAMETER, ERR_INVALID_PARAMETER])
	for property: String in ["handshake_timeout", "close_timeout", "heartbeat_timeout", "compression_level", "max_message_size"]:
		many.set(property, -1)
	expect_eq(make("WebSocketClient").connect_to_url("http://127.0.0.1"), ERR_INVALID_PARAMETER)
	expect_eq(make("WebSocketServer").listen(-1), ERR_INVALID_PARAMETER)
	var node := make("WebSocketNode") as Node
	node.name = "Lobby"
	add_child(node)
	node.set("heartbeat_interval", -1.0)
	expect_eq(node.get("heartbeat_interval"), 0.0)
	expect_eq(node.call("open", "http://127.0.0.1"), ERR_INVALID_PARAMETER)
	if log != null:
		var texts: PackedStringArray = log.take()
		expect_true(texts[-1].contains(str(node.get_path())), "the node is named: " + texts[-1])
		for text in texts:
			expect_true(not text.begins_with("WebSocketPeer.") or peer == "WebSocketPeer", text)
	node.free()


func test_when_a_close_makes_no_sense_then_the_error_names_who_was_asked() -> void:
	var counterpart := server([], {"scripts": [["upgrade", "hold"], ["upgrade", "hold"]], "may_violate": true})
	var client: Variant = make("WebSocketClient")
	var node: Variant = make("WebSocketNode")
	node.connect_on_ready = false
	add_child(node)
	expect_eq([client.connect_to_url(counterpart.url), node.open(counterpart.url)], [OK, OK])
	await until(func() -> bool:
		client.poll()
		return client.get_connection_status() == MultiplayerPeer.CONNECTION_CONNECTED and node.get_peer().get_ready_state() == 1)
	expect_error(class_named("WebSocketClient") + ".disconnect_from_host: ")
	client.disconnect_from_host(5)
	expect_error(class_named("WebSocketNode") + ".close: ")
	node.close(5)
	node.free()


func test_when_the_error_is_returned_then_nothing_is_printed() -> void:
	var log: Variant = listen_to_console()
	var peer: Variant = make("WebSocketPeer")
	expect_eq([peer.send(PackedByteArray([1])), peer.send_text("x"), peer.ping()], [FAILED, FAILED, FAILED])
	var taken := TCPServer.new()
	expect_eq(taken.listen(0, "127.0.0.1"), OK)
	for plain: String in ["WebSocketServer", "WebSocketMultiplayerPeer"]:
		var host: Variant = make(plain)
		var port := taken.get_local_port()
		var error: int = host.create_server(port, "127.0.0.1") if plain == "WebSocketMultiplayerPeer" else host.listen(port)
		expect_eq(error, ERR_ALREADY_IN_USE, plain)
	if log != null:
		expect_eq(log.take(), PackedStringArray())


## A game may send its log over the very connection that the log is about.
func test_when_a_listener_uses_the_object_that_speaks_then_it_can() -> void:
	var log: Variant = listen_to_console()
	if log == null:
		return
	var peer: Variant = make("WebSocketPeer")
	var client: Variant = make("WebSocketClient")
	var host: Variant = make("WebSocketServer")
	var many: Variant = make("WebSocketMultiplayerPeer")
	var node: Variant = make("WebSocketNode")
	add_child(node)
	var host_node: Variant = make("WebSocketServerNode")
	host_node.listen_on_ready = false
	add_child(host_node)
	host.bind_ip = "127.0.0.1"
	expect_eq([host.listen(0), many.create_server(0, "127.0.0.1")], [OK, OK])
	expect_error(": ", 26)
	expect_warning(": ", 3)
	# Each with what a listener calls on the same object.
	var uses := {
		peer: func() -> void: peer.send_text("log"); peer.poll(); peer.set_handshake_timeout(3.0),
		client: func() -> void: client.poll(); client.disconnect_from_host(),
		host: func() -> void: host.broadcast_text("log"); host.poll(); host.set_max_clients(3),
		many: func() -> void: many.poll(); many.set_target_peer(0); many.put_packet(PackedByteArray([1])),
		node: func() -> void: node.send_text("log"); node.close(),
		host_node: func() -> void: host_node.broadcast_text("log"); host_node.set_max_clients(3); host_node.stop(),
	}
	var mistakes := [
		[peer, "close", 5], [peer, "close", 1000, "x".repeat(200)], [peer, "connect_to_url", ""], [peer, "accept_stream", null],
		[peer, "set_no_delay", true], [peer, "set_heartbeat_interval", -1.0], [peer, "set_heartbeat_timeout", 0.0],
		[peer, "set_handshake_timeout", 0.0], [peer, "set_close_timeout", 0.0], [peer, "set_compression_level", 0],
		[peer, "set_max_message_size", 0], [peer, "set_pinned_public_keys", PackedStringArray(["x"])],
		[client, "connect_to_url", "x://y"], [host, "set_bind_ip", "x"], [host, "listen", 0], [host, "stop", 5],
		[host, "disconnect_peer", 77], [host, "set_extra_headers", PackedStringArray(["x"])], [host, "set_handshake_timeout", 0.0],
		[host, "set_request_filter", func(_one: String) -> int: return 101],
		[many, "disconnect_peer", 77], [many, "set_close_timeout", 0.0], [many, "set_handshake_timeout", 0.0],
		[many, "set_request_filter", func(_one: String) -> int: return 101], [many, "set_max_message_size", 0],
		[node, "open", "x://y"], [host_node, "set_bind_ip", "x"], [host_node, "set_port", -1], [host_node, "stop", 5],
		[host_node, "disconnect_peer", 77],
	]
	for mistake: Array in mistakes:
		var heard := [0]
		log.on_text = func(_text: String) -> void:
			heard[0] += 1
			if heard[0] == 1:
				uses[mistake[0]].call()
		mistake[0].callv(mistake[1], mistake.slice(2))
		log.on_text = Callable()
		var quiet: bool = mistake[1] in ["listen"]
		var texts: PackedStringArray = log.take()
		expect_true(quiet or heard[0] > 0, "%s was heard" % mistake[1])
		for text in texts:
			expect_true(not text.contains("panic"), "%s: %s" % [mistake[1], text.left(200)])
	uses.clear()
	mistakes.clear()
	host.stop()
	many.close()
	node.free()
	host_node.free()


func test_when_a_node_speaks_as_it_gets_ready_then_a_listener_can_use_it() -> void:
	var log: Variant = listen_to_console()
	if log == null:
		return
	var node: Variant = make("WebSocketNode")
	node.url = "x://y"
	_expect_usable(log, node, "open", func() -> Error: return node.send_text("log"), FAILED)
	var host: Variant = make("WebSocketServerNode")
	host.handshake_headers = ["a\r\nb"]
	_expect_usable(log, host, "listen_on_ready", func() -> Error: return host.broadcast_text("log"), OK)


## Has a node speak as it enters the tree, to a listener that uses it.
func _expect_usable(log: Variant, node: Node, place: String, use: Callable, expected: Error) -> void:
	expect_error("%s.%s: " % [class_named(node.get_class()), place])
	var results := []
	log.on_text = func(_text: String) -> void:
		if results.is_empty():
			results.append(use.call())
	add_child(node)
	log.on_text = Callable()
	expect_eq(results, [expected], place)
	node.free()


## Calls as a script without types does. Null if that ends with an error.
func _call(object: Variant, method: String, a: Array) -> Variant:
	var result: Variant = null
	match [method, a.size()]:
		["send", 1]: result = object.send(a[0])
		["send", 2]: result = object.send(a[0], a[1])
		["send", 3]: result = object.send(a[0], a[1], a[2])
		["send_text", 0]: result = object.send_text()
		["send_text", 1]: result = object.send_text(a[0])
		_: result = object.callv(method, a)
	return result


func _expect_clean(log: Variant) -> void:
	if log == null:
		return
	for text: String in log.take():
		expect_true(not text.contains("swordfish"), "it shows the message: " + text.left(120))
		expect_true(not text.contains("1337") and not text.contains("godot-rust"), text.left(120))
		expect_true(text.length() < 500, "%d characters" % text.length())
