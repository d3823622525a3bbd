extends "res://tests/node_suite.gd"
## The node: it opens by itself, polls by itself, and says goodbye when it leaves the tree.


func test_when_a_node_is_new_then_its_properties_have_their_defaults() -> void:
	node = WebSocketNode.new()
	expect_eq([node.url, node.connect_on_ready, node.verify_tls, node.heartbeat_interval], ["", true, true, 0.0])
	expect_eq([node.supported_protocols, node.handshake_headers], [PackedStringArray(), PackedStringArray()])
	expect_true(node.trusted_tls_certificate == null and node.get_peer() == null)
	node.free()


func test_when_it_enters_the_tree_then_it_opens_and_the_messages_come() -> void:
	add(server(["upgrade", {"text": "grün"}, {"binary": [1, 2]}, {"close": [4001, "bye"]}, "hold"]).url)
	await until_heard("closed")
	await frames(5)
	expect_eq(heard, [
		["opened", ""],
		["message_received", "grün"],
		["message_received", PackedByteArray([1, 2])],
		["closed", 4001, "bye", true],
	])


func test_when_it_sends_then_the_answers_come() -> void:
	add(server(["upgrade", "echo"]).url)
	await until_heard("opened")
	expect_eq(node.send_text("text"), OK)
	expect_eq(node.send(PackedByteArray([7])), OK)
	expect_eq(node.send("as text".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	await until_heard("message_received", 3)
	expect_eq(heard.slice(1).map(func(entry: Array) -> Variant: return entry[1]), ["text", PackedByteArray([7]), "as text"])
	node.close(4000, "done")
	await until_heard("closed")
	expect_eq(heard[-1], ["closed", 4000, "done", true])


func test_when_it_has_no_url_then_nothing_happens() -> void:
	add("")
	await frames(5)
	expect_true(node.get_peer() == null)
	expect_eq([heard, node.send_text("hello?")], [[], FAILED])


func test_when_it_should_not_connect_on_ready_then_it_waits_to_be_told() -> void:
	node = WebSocketNode.new()
	node.connect_on_ready = false
	add(server(["upgrade", "echo"]).url)
	await frames(5)
	expect_true(node.get_peer() == null)
	expect_eq(node.open(), OK)
	await until_heard("opened")


func test_when_the_tree_is_paused_then_it_goes_on() -> void:
	add(server(["upgrade", "echo"]).url)
	get_tree().paused = true
	await until_heard("opened")
	node.send_text("while paused")
	await until_heard("message_received")
	get_tree().paused = false


func test_when_it_is_to_stop_with_the_tree_then_it_does() -> void:
	node = WebSocketNode.new()
	node.process_mode = Node.PROCESS_MODE_PAUSABLE
	get_tree().paused = true
	add(server(["upgrade", "echo"]).url)
	await frames(20)
	expect_eq(heard, [])
	get_tree().paused = false
	await until_heard("opened")


func test_when_the_tree_is_paused_then_what_is_below_the_node_pauses() -> void:
	add(server(["upgrade", "echo"]).url)
	var child := Node.new()
	node.add_child(child)
	get_tree().paused = true
	expect_eq([node.process_mode, child.can_process()], [Node.PROCESS_MODE_INHERIT, false])
	await until_heard("opened")
	get_tree().paused = false


func test_when_a_parent_is_disabled_then_it_waits_until_that_is_over() -> void:
	for mode: Node.ProcessMode in [Node.PROCESS_MODE_INHERIT, Node.PROCESS_MODE_PAUSABLE]:
		heard.clear()
		var disabled := Node.new()
		disabled.process_mode = Node.PROCESS_MODE_DISABLED
		var parent := Node.new()
		add_child(disabled)
		disabled.add_child(parent)
		node = WebSocketNode.new()
		node.connect_on_ready = false
		add("")
		node.reparent(parent)
		expect_eq(node.open(server(["upgrade", "echo"]).url), OK)
		await frames(20)
		if mode == Node.PROCESS_MODE_INHERIT:
			expect_eq(heard, [])
		else:
			# The choice for the node itself counts more, as with all nodes.
			node.process_mode = mode
		disabled.process_mode = Node.PROCESS_MODE_INHERIT
		await until_heard("opened")
		disabled.free()


func test_when_nobody_listens_then_it_fails_once() -> void:
	add("ws://127.0.0.1:%d" % testkit().closed_port())
	await until_heard("failed")
	await frames(5)
	expect_eq(heard, [["failed", WebSocketError.KIND_CONNECTION_REFUSED]])


func test_when_the_stream_just_ends_then_the_end_is_not_clean() -> void:
	add(server(["upgrade", {"text": "last"}, "fin", "hold"]).url)
	await until_heard("closed")
	expect_eq(heard, [["opened", ""], ["message_received", "last"], ["closed", -1, "", false]])


func test_when_the_url_cannot_be_used_then_open_says_so_and_failed_comes() -> void:
	add("")
	expect_error("its scheme is http, not ws or wss")
	expect_eq(node.open("http://127.0.0.1"), ERR_INVALID_PARAMETER)
	expect_eq(heard, [], "not within the call")
	await until_heard("failed")
	await frames(5)
	expect_eq(heard, [["failed", WebSocketError.KIND_INVALID_PARAMETER]])


func test_when_it_cannot_connect_on_ready_then_failed_comes() -> void:
	expect_error("its scheme is http, not ws or wss")
	add("http://127.0.0.1")
	var message := [""]
	node.failed.connect(func(error: WebSocketError) -> void: message[0] = error.message)
	await until_heard("failed")
	await frames(5)
	expect_eq(heard, [["failed", WebSocketError.KIND_INVALID_PARAMETER]])
	expect_true(message[0].contains("its scheme is http, not ws or wss"), message[0])


func test_when_it_is_outside_of_the_tree_then_open_refuses() -> void:
	node = WebSocketNode.new()
	expect_error("is not inside of the tree")
	expect_eq(node.open(server(["upgrade", "echo"]).url), ERR_UNCONFIGURED)
	expect_true(node.get_peer() == null)
	node.free()


func test_when_it_leaves_the_tree_then_the_server_sees_1001() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	add(counterpart.url)
	await until_heard("opened")
	remove_child(node)
	await expect_close_seen(counterpart, 1001)
	expect_true(node.get_peer() == null)
	expect_eq(heard, [["opened", ""]])
	node.free()


func test_when_a_script_keeps_the_peer_then_the_server_sees_1001_all_the_same() -> void:
	for leave: Callable in [
		func() -> void: remove_child(node),
		func() -> void: node.free(),
		func() -> void: node.queue_free(),
		func() -> void: node.reparent(get_tree().root),
	]:
		var counterpart := server(["upgrade", "answer_close", "hold"])
		heard.clear()
		add(counterpart.url)
		await until_heard("opened")
		var kept := node.get_peer()
		leave.call()
		await expect_close_seen(counterpart, 1001)
		expect_eq(kept.get_ready_state(), TungstenWebSocketPeer.STATE_CLOSED)
		if is_instance_valid(node):
			node.free()


func test_when_it_gets_another_parent_then_it_can_be_opened_again() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	add(counterpart.url)
	await until_heard("opened")
	node.reparent(get_tree().root)
	await expect_close_seen(counterpart, 1001)
	await frames(5)
	expect_eq([heard, node.get_peer() == null], [[["opened", ""]], true])
	expect_eq(node.open(server(["upgrade", {"text": "again"}, "hold"]).url), OK)
	await until_heard("message_received")
	node.free()


func test_when_it_connects_or_is_open_then_open_is_refused_and_nothing_changes() -> void:
	var first := server(["upgrade", "echo"])
	add(first.url)
	expect_eq([node.open("http://not looked at"), node.url], [ERR_ALREADY_IN_USE, first.url], "while connecting")
	await until_heard("opened")
	expect_eq([node.open("http://not looked at"), node.url], [ERR_ALREADY_IN_USE, first.url], "while open")
	node.send_text("still there")
	await until_heard("message_received")
	expect_eq(heard, [["opened", ""], ["message_received", "still there"]])


func test_when_it_is_still_closing_then_another_connection_may_be_opened() -> void:
	var first := server(["upgrade", "drain", "hold"])
	var second := server(["upgrade", {"text": "second"}, "hold"])
	add(first.url)
	await until_heard("opened")
	node.close()
	expect_eq([node.open(second.url), node.url], [OK, second.url])
	await until_heard("message_received")
	expect_eq(heard, [["opened", ""], ["opened", ""], ["message_received", "second"]])


func test_when_it_is_asked_for_its_state_then_it_is_that_of_its_connection() -> void:
	node = WebSocketNode.new()
	expect_eq([node.get_ready_state(), node.is_open()], [TungstenWebSocketPeer.STATE_CLOSED, false])
	add(server(["upgrade", "answer_close", "hold"]).url)
	expect_eq([node.get_ready_state(), node.is_open()], [TungstenWebSocketPeer.STATE_CONNECTING, false])
	await until_heard("opened")
	expect_eq([node.get_ready_state(), node.is_open()], [TungstenWebSocketPeer.STATE_OPEN, true])
	node.close()
	expect_eq([node.get_ready_state(), node.is_open()], [TungstenWebSocketPeer.STATE_CLOSING, false])
	await until_heard("closed")
	expect_eq([node.get_ready_state(), node.is_open()], [TungstenWebSocketPeer.STATE_CLOSED, false])


func test_when_settings_are_made_then_the_server_gets_them() -> void:
	var counterpart := server(["upgrade", {"expect_ping": 1}, "echo"])
	node = WebSocketNode.new()
	node.supported_protocols = ["chat", "game"]
	node.handshake_headers = ["X-Game: yes"]
	node.heartbeat_interval = 0.05
	add(counterpart.url)
	await until_heard("opened")
	expect_eq(heard, [["opened", "chat"]])
	expect_true(Testkit.named(counterpart.report(), "request")[0].contains("X-Game: yes\r\n"))
	await counterpart.wait_for("ping")


func test_when_a_certificate_is_trusted_then_it_opens() -> void:
	node = WebSocketNode.new()
	node.trusted_tls_certificate = authority()
	add(server([{"tls": "good"}, "upgrade", "echo"]).url)
	await until_heard("opened")


func test_when_nothing_is_verified_then_it_opens() -> void:
	node = WebSocketNode.new()
	node.verify_tls = false
	add(server([{"tls": "self_signed"}, "upgrade", "echo"]).url)
	await until_heard("opened")


## G1
func test_when_a_handler_frees_the_parent_of_the_node_then_nothing_follows() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		add(url_for(name))
		var parent := Node.new()
		add_child(parent)
		node.reparent(parent)
		expect_eq(node.open(), OK)
		# What the engine thinks of this; it refuses to free the node itself.
		expect_error("was freed or unreferenced while a signal is being emitted from it")
		connect_to(name, func() -> void: parent.free())
		await until_gone(name)
		await frames(5)
		expect_eq(heard[-1][0], name)


## G1
func test_when_a_handler_frees_the_node_after_this_frame_then_nothing_follows_it() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		add(url_for(name))
		connect_to(name, func() -> void: node.queue_free())
		await until_gone(name)
		var count := heard.size()
		await frames(5)
		expect_eq([heard.any(func(entry: Array) -> bool: return entry[0] == name), heard.size()], [true, count])


## G1
func test_when_a_handler_takes_the_node_out_of_the_tree_then_nothing_follows() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		add(url_for(name))
		connect_to(name, func() -> void: remove_child(node))
		await until_heard(name)
		await frames(5)
		expect_eq([heard[-1][0], node.get_peer() == null], [name, true], name)
		node.free()


## G1
func test_when_a_handler_opens_another_connection_then_only_that_one_is_told_of() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		var other := server(["upgrade", {"text": "other"}, "hold"]).url
		add(url_for(name))
		var done := [false]
		connect_to(name, func() -> void:
			if not done[0]:
				done[0] = true
				# Gives the old one up where it is still there.
				node.close(-1)
				expect_eq(node.open(other), OK))
		await until(func() -> bool: return heard[-1] == ["message_received", "other"] if heard.size() > 0 else false, 5.0, name)
		await frames(5)
		expect_eq(heard.slice(-2), [["opened", ""], ["message_received", "other"]], name)
		node.free()
