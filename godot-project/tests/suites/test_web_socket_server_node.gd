extends "res://tests/server_node_suite.gd"
## The server as a node: it listens by itself, polls by itself, and says goodbye when it leaves the tree.

const _SIGNALS := ["client_connected", "message_received", "failed", "client_disconnected"]


func test_when_a_node_is_new_then_its_properties_have_their_defaults() -> void:
	host = WebSocketServerNode.new()
	expect_eq([host.port, host.listen_on_ready, host.bind_ip, host.handshake_timeout], [9080, true, "*", 3.0])
	expect_true(host.private_key == null and host.ssl_certificate == null and host.ca_chain == null)
	expect_eq([host.max_clients, host.max_pending_clients], [0, 1024])
	expect_eq([host.supported_protocols, host.handshake_headers], [PackedStringArray(), PackedStringArray()])
	expect_eq([host.allowed_origins, host.request_filter.is_valid()], [PackedStringArray(), false])
	expect_eq([host.is_listening(), host.get_local_port(), host.get_peers()], [false, 0, PackedInt32Array()])
	host.free()


func test_when_clients_come_and_talk_and_leave_then_the_signals_are_in_order() -> void:
	add()
	var client := await join("/chat?room=1")
	client.send_text("grün")
	client.send(PackedByteArray([1, 2]))
	client.close(4001, "bye")
	var known := []
	host.client_disconnected.connect(func(id: int, _clean: bool) -> void:
		known.append_array([host.get_peer(id).get_close_code(), host.get_peer(id).get_close_reason()]))
	await until_heard("client_disconnected")
	await frames()
	expect_eq(heard, [
		["client_connected", 1, "", "/chat?room=1"],
		["message_received", 1, "grün"],
		["message_received", 1, PackedByteArray([1, 2])],
		["client_disconnected", 1, true],
	])
	expect_eq([known, host.has_peer(ids[0]), host.get_peer(ids[0]) == null], [[4001, "bye"], false, true])


func test_when_a_client_just_goes_then_it_has_failed() -> void:
	add()
	(await join()).close(-1)
	await until_heard("client_disconnected")
	expect_eq(heard.slice(1), [["failed", 1, WebSocketError.KIND_CONNECTION_LOST], ["client_disconnected", 1, false]])


func test_when_it_sends_then_those_get_it_who_are_meant() -> void:
	add()
	var first := await join()
	var second := await join()
	expect_eq(host.send_text(ids[0], "to one"), OK)
	expect_eq(host.send(ids[0], "as text".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	expect_eq(host.broadcast_text("to all"), OK)
	expect_eq(host.broadcast(PackedByteArray([7])), OK)
	expect_eq([host.send_text(77, "to nobody"), host.send(77, PackedByteArray())], [ERR_INVALID_PARAMETER, ERR_INVALID_PARAMETER])
	await until_so(func() -> bool: return first.get_available_packet_count() == 4 and second.get_available_packet_count() == 2)
	var to_first := [first.get_message(), first.get_message(), first.get_message(), first.get_message()]
	expect_eq(to_first, ["to one", "as text", "to all", PackedByteArray([7])])
	expect_eq([second.get_message(), second.get_message()], ["to all", PackedByteArray([7])])


func test_when_a_client_is_in_then_it_can_be_asked_about() -> void:
	add()
	var client := await join("/there")
	expect_eq([host.has_peer(ids[0]), host.has_peer(77), host.get_peers()], [true, false, PackedInt32Array(ids)])
	expect_eq([host.get_peer_address(ids[0]), host.get_peer(ids[0]).get_requested_url()], ["127.0.0.1", url("/there")])
	expect_true(host.get_peer_port(ids[0]) > 0 and client.get_connected_port() == host.get_local_port())
	expect_eq([host.get_peer(77) == null, host.get_peer_address(77), host.get_peer_port(77)], [true, "", 0])
	expect_error("WebSocketServerNode.disconnect_peer: there is no peer 77")
	host.disconnect_peer(77)


func test_when_it_disconnects_a_client_then_only_that_one_goes() -> void:
	add()
	var first := await join()
	var second := await join()
	host.disconnect_peer(ids[0], 4002, "kick")
	await expect_closed(first, 4002)
	await until_heard("client_disconnected")
	expect_eq([heard.slice(2), second.get_ready_state()], [[["client_disconnected", 1, true]], OPEN])


func test_when_it_stops_then_clients_get_all_of_it_and_nothing_is_heard() -> void:
	add()
	var client := await join()
	expect_error("WebSocketServerNode.stop: close code 1005 may not be sent")
	host.stop(1005)
	expect_true(host.is_listening())
	host.get_peer(ids[0]).outbound_buffer_size = 0
	var megabyte := PackedByteArray()
	megabyte.resize(1 << 20)
	for _index in 20:
		expect_eq(host.send(ids[0], megabyte), OK)
	host.stop(1001, "see you tomorrow")
	expect_eq([host.is_listening(), host.get_local_port(), host.get_peers()], [false, 0, PackedInt32Array()])
	var count := [0]
	await until_so(func() -> bool:
		while client.get_available_packet_count() > 0:
			client.get_packet()
			count[0] += 1
		return client.get_ready_state() == CLOSED)
	expect_eq([count[0], client.get_close_code(), client.get_close_reason()], [20, 1001, "see you tomorrow"])
	expect_eq(names_heard(), ["client_connected"])
	expect_eq(host.listen(), OK)
	await join()


func test_when_it_should_not_listen_on_ready_then_it_waits_to_be_told() -> void:
	host = WebSocketServerNode.new()
	host.listen_on_ready = false
	add()
	await frames()
	expect_eq(host.is_listening(), false)
	var free_port := testkit().closed_port()
	expect_eq([host.listen(free_port), host.port, host.get_local_port()], [OK, free_port, free_port])
	expect_eq([host.listen(0), host.port], [ERR_ALREADY_IN_USE, free_port])
	await join()


func test_when_the_port_is_none_then_it_is_refused() -> void:
	host = WebSocketServerNode.new()
	host.listen_on_ready = false
	add()
	for number: int in [-2, 70_000]:
		expect_error("WebSocketServerNode.port: %d is no port" % number)
		host.port = number
		expect_error("WebSocketServerNode.listen: %d is no port" % number)
		expect_eq([host.listen(number), host.port, host.is_listening()], [ERR_INVALID_PARAMETER, 0, false])


func test_when_it_cannot_listen_on_ready_then_the_console_says_why() -> void:
	add()
	var taken := host.get_local_port()
	host = WebSocketServerNode.new()
	host.tree_entered.connect(func() -> void: host.port = taken)
	var reason := "port %d cannot be listened on, ERR_ALREADY_IN_USE" % taken
	expect_error("WebSocketServerNode.listen_on_ready: %s (%s/" % [reason, get_tree().root.get_path()])
	add()
	expect_eq([host.is_listening(), host.listen(taken)], [false, ERR_ALREADY_IN_USE])
	host = WebSocketServerNode.new()
	host.handshake_headers = ["a\r\nb"]
	reason = "the header \"a\\r\\nb\" cannot be sent"
	expect_error("WebSocketServerNode.listen_on_ready: %s (%s/" % [reason, get_tree().root.get_path()])
	add()


func test_when_it_is_outside_of_the_tree_then_listening_is_refused() -> void:
	host = WebSocketServerNode.new()
	expect_error("WebSocketServerNode.listen: the node is not inside of the tree")
	expect_eq([host.listen(0), host.is_listening()], [ERR_UNCONFIGURED, false])
	host.free()


func test_when_it_listens_then_what_needs_a_restart_cannot_be_changed() -> void:
	add()
	for property: String in ["bind_ip", "private_key", "ssl_certificate", "ca_chain"]:
		expect_error("WebSocketServerNode.%s: it cannot be changed while the server is listening" % property)
	host.bind_ip = "*"
	host.private_key = CryptoKey.new()
	host.ssl_certificate = X509Certificate.new()
	host.ca_chain = X509Certificate.new()
	expect_eq(host.bind_ip, "127.0.0.1")
	expect_true(host.private_key == null and host.ssl_certificate == null and host.ca_chain == null)


func test_when_settings_are_made_then_they_are_in_force() -> void:
	host = WebSocketServerNode.new()
	host.supported_protocols = ["chat", "game"]
	host.handshake_headers = ["X-Game: yes"]
	host.max_message_size = 3
	add()
	var client := TungstenWebSocketPeer.new()
	client.supported_protocols = ["game"]
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_heard("client_connected")
	await until_so(func() -> bool: return client.get_ready_state() == OPEN)
	expect_eq([client.get_selected_protocol(), Array(client.get_response_headers()).has("X-Game: yes")], ["game", true])
	client.send_text("four")
	await expect_closed(client, 1009)
	await until_heard("client_disconnected")
	expect_eq(heard[1], ["failed", 1, WebSocketError.KIND_MESSAGE_TOO_BIG])


func test_when_the_filter_and_the_limits_say_so_then_clients_are_out() -> void:
	host = WebSocketServerNode.new()
	host.request_filter = func(target: String, _headers: PackedStringArray, _address: String) -> int:
		return 101 if target == "/in" else 404
	host.max_clients = 1
	add()
	for target: String in ["/out", "/in", "/in"]:
		var client := knock(target)
		await until_so(func() -> bool: return client.get_ready_state() in [OPEN, CLOSED])
	var statuses := clients.map(func(client: TungstenWebSocketPeer) -> int: return client.get_response_status())
	expect_eq(statuses, [404, 101, 503])


func test_when_it_has_a_certificate_then_clients_that_trust_its_issuer_come_in() -> void:
	var pem := testkit().ask({"identity": "good"})
	host = WebSocketServerNode.new()
	host.private_key = CryptoKey.new()
	host.ssl_certificate = X509Certificate.new()
	expect_eq(host.private_key.load_from_string(pem["key"]), OK)
	expect_eq(host.ssl_certificate.load_from_string(pem["certificate"]), OK)
	add()
	var client := TungstenWebSocketPeer.new()
	clients.append(client)
	var options := TLSOptions.client(authority())
	expect_eq(client.connect_to_url("wss://127.0.0.1:%d" % host.get_local_port(), options), OK)
	await until_heard("client_connected")


func test_when_the_tree_is_paused_then_it_goes_on() -> void:
	add()
	get_tree().paused = true
	var client := await join()
	client.send_text("while paused")
	await until_heard("message_received")
	get_tree().paused = false


func test_when_it_is_to_stop_with_the_tree_then_clients_wait() -> void:
	host = WebSocketServerNode.new()
	host.process_mode = Node.PROCESS_MODE_PAUSABLE
	add()
	get_tree().paused = true
	knock()
	await frames(20)
	expect_eq(heard, [])
	get_tree().paused = false
	await until_heard("client_connected")


func test_when_a_parent_is_disabled_then_it_waits_until_that_is_over() -> void:
	var disabled := Node.new()
	add_child(disabled)
	host = WebSocketServerNode.new()
	host.listen_on_ready = false
	add()
	host.reparent(disabled)
	expect_eq(host.listen(), OK)
	disabled.process_mode = Node.PROCESS_MODE_DISABLED
	knock()
	await frames(20)
	expect_eq(heard, [])
	disabled.process_mode = Node.PROCESS_MODE_INHERIT
	await until_heard("client_connected")


func test_when_it_leaves_the_tree_then_its_clients_get_1001_and_the_port_is_free() -> void:
	for leave: Callable in [
		func() -> void: remove_child(host),
		func() -> void: host.free(),
		func() -> void: host.queue_free(),
		func() -> void: host.reparent(get_tree().root),
	]:
		forget()
		add()
		var client := await join()
		var port := host.get_local_port()
		var kept := host.get_peer(ids[0])
		leave.call()
		await expect_closed(client, 1001)
		expect_eq([kept.get_ready_state(), names_heard()], [CLOSED, ["client_connected"]])
		var other := WebSocketServer.new()
		other.bind_ip = "127.0.0.1"
		expect_eq(other.listen(port), OK)
		if is_instance_valid(host):
			expect_eq([host.is_listening(), host.get_peers()], [false, PackedInt32Array()])
			host.free()


func test_when_it_is_back_in_the_tree_then_it_can_listen_again() -> void:
	add()
	await join()
	remove_child(host)
	add_child(host)
	await frames()
	expect_eq(host.is_listening(), false, "by itself only once")
	expect_eq(host.listen(), OK)
	await join()


## G1
func test_when_a_handler_frees_the_parent_of_the_node_then_nothing_follows() -> void:
	for name: String in _SIGNALS:
		var parent := Node.new()
		add_child(parent)
		await _play(name, func() -> void: parent.free(), parent)
		expect_eq([heard[-1][0], is_instance_valid(host)], [name, false])


## G1
func test_when_a_handler_frees_the_node_after_this_frame_then_it_is_gone() -> void:
	for name: String in _SIGNALS:
		await _play(name, func() -> void: host.queue_free())
		expect_eq([names_heard().has(name), is_instance_valid(host)], [true, false])


## G1
func test_when_a_handler_takes_the_node_out_of_the_tree_then_nothing_follows() -> void:
	for name: String in _SIGNALS:
		await _play(name, func() -> void: remove_child(host))
		expect_eq([heard[-1][0], host.is_listening()], [name, false])
		host.free()


## G1
func test_when_a_handler_listens_again_then_new_clients_come_in() -> void:
	for name: String in _SIGNALS:
		await _play(name, func() -> void:
			host.stop()
			expect_eq(host.listen(), OK))
		expect_eq([heard[-1][0], host.get_peers()], [name, PackedInt32Array()])
		await join()
		host.free()


## G1
func test_when_the_filter_frees_the_parent_of_the_node_then_nobody_comes_in() -> void:
	var parent := Node.new()
	add_child(parent)
	add()
	host.reparent(parent)
	expect_eq(host.listen(), OK)
	var free_all := func(_target: String, _headers: PackedStringArray, _address: String) -> int:
		parent.free()
		return 101
	host.request_filter = free_all
	await expect_closed(knock(), -1)
	expect_eq([is_instance_valid(host), heard], [false, []])


## Lets a client connect, say something, and vanish; the handler runs with the first signal of that name.
func _play(name: String, handler: Callable, parent: Node = self) -> void:
	forget()
	add()
	if parent != self:
		host.reparent(parent)
		expect_eq(host.listen(), OK)
		# What the engine thinks of this; it refuses to free the node itself.
		expect_error("was freed or unreferenced while a signal is being emitted from it")
	var arguments := {"client_connected": 3, "message_received": 2, "failed": 2, "client_disconnected": 2}
	host.connect(name, handler.unbind(arguments[name]), CONNECT_ONE_SHOT)
	var client := knock()
	await until_so(func() -> bool: return client.get_ready_state() != TungstenWebSocketPeer.STATE_CONNECTING)
	client.send_text("one")
	await frames()
	client.close(-1)
	await frames()
