extends "res://tests/suite.gd"
## The node: it opens by itself, polls by itself, and says goodbye when it leaves the tree.

## The signals in the order in which they came, such as [code]["closed", 1000, "", true][/code].
var heard: Array[Array] = []

## Never captured by a lambda that is connected to it.
var node: WebSocketNode = null


func test_when_a_node_is_new_then_its_properties_have_their_defaults() -> void:
	node = WebSocketNode.new()
	expect_eq([node.url, node.connect_on_ready, node.verify_tls, node.heartbeat_interval], ["", true, true, 0.0])
	expect_eq([node.protocols, node.headers], [PackedStringArray(), PackedStringArray()])
	expect_true(node.trusted_tls_certificate == null and node.get_peer() == null)
	node.free()


func test_when_it_enters_the_tree_then_it_opens_and_the_messages_come() -> void:
	_add(server(["upgrade", {"text": "grün"}, {"binary": [1, 2]}, {"close": [4001, "bye"]}, "hold"]).url)
	await _until_heard("closed")
	await _frames(5)
	expect_eq(heard, [
		["opened", ""],
		["message_received", "grün"],
		["message_received", PackedByteArray([1, 2])],
		["closed", 4001, "bye", true],
	])


func test_when_it_sends_then_the_answers_come() -> void:
	_add(server(["upgrade", "echo"]).url)
	await _until_heard("opened")
	expect_eq(node.send_text("text"), OK)
	expect_eq(node.send(PackedByteArray([7])), OK)
	expect_eq(node.send("as text".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	await _until_heard("message_received", 3)
	expect_eq(heard.slice(1).map(func(entry: Array) -> Variant: return entry[1]), ["text", PackedByteArray([7]), "as text"])
	node.close(4000, "done")
	await _until_heard("closed")
	expect_eq(heard[-1], ["closed", 4000, "done", true])


func test_when_it_has_no_url_then_nothing_happens() -> void:
	_add("")
	await _frames(5)
	expect_true(node.get_peer() == null)
	expect_eq([heard, node.send_text("hello?")], [[], FAILED])


func test_when_it_should_not_connect_on_ready_then_it_waits_to_be_told() -> void:
	node = WebSocketNode.new()
	node.connect_on_ready = false
	_add(server(["upgrade", "echo"]).url)
	await _frames(5)
	expect_true(node.get_peer() == null)
	expect_eq(node.open(), OK)
	await _until_heard("opened")


func test_when_the_tree_is_paused_then_it_goes_on() -> void:
	_add(server(["upgrade", "echo"]).url)
	get_tree().paused = true
	await _until_heard("opened")
	node.send_text("while paused")
	await _until_heard("message_received")
	get_tree().paused = false
	expect_eq(node.process_mode, Node.PROCESS_MODE_ALWAYS)


func test_when_it_is_to_stop_with_the_tree_then_it_does() -> void:
	node = WebSocketNode.new()
	node.process_mode = Node.PROCESS_MODE_PAUSABLE
	get_tree().paused = true
	_add(server(["upgrade", "echo"]).url)
	await _frames(20)
	expect_eq(heard, [])
	get_tree().paused = false
	await _until_heard("opened")


func test_when_nobody_listens_then_it_fails_once() -> void:
	_add("ws://127.0.0.1:%d" % testkit().closed_port())
	await _until_heard("failed")
	await _frames(5)
	expect_eq(heard, [["failed", WebSocketError.KIND_CONNECTION_REFUSED]])


func test_when_the_stream_just_ends_then_the_end_is_not_clean() -> void:
	_add(server(["upgrade", {"text": "last"}, "fin", "hold"]).url)
	await _until_heard("closed")
	expect_eq(heard, [["opened", ""], ["message_received", "last"], ["closed", -1, "", false]])


func test_when_the_url_cannot_be_used_then_open_says_so() -> void:
	_add("")
	expect_error("the URL cannot be used: its scheme is http")
	expect_eq(node.open("http://127.0.0.1"), ERR_INVALID_PARAMETER)
	await _frames(5)
	expect_eq(heard, [])


func test_when_it_leaves_the_tree_then_the_server_sees_1001() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	_add(counterpart.url)
	await _until_heard("opened")
	remove_child(node)
	await _expect_close_seen(counterpart, 1001)
	expect_true(node.get_peer() == null)
	expect_eq(heard, [["opened", ""]])
	node.free()


func test_when_it_is_opened_again_then_the_first_server_sees_1001() -> void:
	var first := server(["upgrade", "answer_close", "hold"])
	var second := server(["upgrade", {"text": "second"}, "hold"])
	_add(first.url)
	await _until_heard("opened")
	expect_eq(node.open(second.url), OK)
	await _until_heard("message_received")
	await _expect_close_seen(first, 1001)
	expect_eq([heard, node.url], [[["opened", ""], ["opened", ""], ["message_received", "second"]], second.url])


func test_when_settings_are_made_then_the_server_gets_them() -> void:
	var counterpart := server(["upgrade", {"expect_ping": 1}, "echo"])
	node = WebSocketNode.new()
	node.protocols = ["chat", "game"]
	node.headers = ["X-Game: yes"]
	node.heartbeat_interval = 0.05
	_add(counterpart.url)
	await _until_heard("opened")
	expect_eq(heard, [["opened", "chat"]])
	expect_true(Testkit.named(counterpart.report(), "request")[0].contains("X-Game: yes\r\n"))
	await counterpart.wait_for("ping")


func test_when_a_certificate_is_trusted_then_it_opens() -> void:
	node = WebSocketNode.new()
	node.trusted_tls_certificate = authority()
	_add(server([{"tls": "good"}, "upgrade", "echo"]).url)
	await _until_heard("opened")


func test_when_nothing_is_verified_then_it_opens() -> void:
	node = WebSocketNode.new()
	node.verify_tls = false
	_add(server([{"tls": "self_signed"}, "upgrade", "echo"]).url)
	await _until_heard("opened")


## G1
func test_when_a_handler_frees_the_parent_of_the_node_then_nothing_follows() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		_add(_url_for(name))
		var parent := Node.new()
		add_child(parent)
		node.reparent(parent)
		expect_eq(node.open(), OK)
		# What the engine thinks of this; it refuses to free the node itself.
		expect_error("was freed or unreferenced while a signal is being emitted from it")
		_connect_to(name, func() -> void: parent.free())
		await _until_gone(name)
		await _frames(5)
		expect_eq(heard[-1][0], name)


## G1
func test_when_a_handler_frees_the_node_after_this_frame_then_nothing_follows_it() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		_add(_url_for(name))
		_connect_to(name, func() -> void: node.queue_free())
		await _until_gone(name)
		var count := heard.size()
		await _frames(5)
		expect_eq([heard.any(func(entry: Array) -> bool: return entry[0] == name), heard.size()], [true, count])


## G1
func test_when_a_handler_takes_the_node_out_of_the_tree_then_nothing_follows() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		_add(_url_for(name))
		_connect_to(name, func() -> void: remove_child(node))
		await _until_heard(name)
		await _frames(5)
		expect_eq([heard[-1][0], node.get_peer() == null], [name, true], name)
		node.free()


## G1
func test_when_a_handler_opens_another_connection_then_only_that_one_is_told_of() -> void:
	for name: String in ["opened", "message_received", "closed", "failed"]:
		heard.clear()
		var other := server(["upgrade", {"text": "other"}, "hold"]).url
		_add(_url_for(name))
		var done := [false]
		_connect_to(name, func() -> void:
			if not done[0]:
				done[0] = true
				expect_eq(node.open(other), OK))
		await until(func() -> bool: return heard[-1] == ["message_received", "other"] if heard.size() > 0 else false, 5.0, name)
		await _frames(5)
		expect_eq(heard.slice(-2), [["opened", ""], ["message_received", "other"]], name)
		node.free()


## Adds [member node], which is made if need be, and writes its signals down.
func _add(url: String) -> void:
	if not is_instance_valid(node) or node.is_inside_tree():
		node = WebSocketNode.new()
	node.url = url
	node.opened.connect(func(protocol: String) -> void: heard.append(["opened", protocol]))
	node.message_received.connect(func(data: Variant) -> void: heard.append(["message_received", data]))
	node.closed.connect(func(code: int, reason: String, was_clean: bool) -> void:
		heard.append(["closed", code, reason, was_clean]))
	node.failed.connect(func(error: WebSocketError) -> void: heard.append(["failed", error.get_kind()]))
	add_child(node)


## Connects a handler that wants none of the arguments.
func _connect_to(name: String, handler: Callable) -> void:
	node.connect(name, handler.unbind(_argument_count(Signal(node, name))))


## A server that has the node emit this signal.
func _url_for(name: String) -> String:
	if name == "failed":
		return "ws://127.0.0.1:%d" % testkit().closed_port()
	return server(["upgrade", {"text": "one"}, {"close": [4001, "bye"]}, "hold"]).url


func _until_heard(name: String, count := 1) -> void:
	var come := func() -> bool:
		return heard.filter(func(entry: Array) -> bool: return entry[0] == name).size() >= count
	await until(come, 5.0, func() -> String: return "%s, heard was: %s" % [name, heard])


func _until_gone(why: String) -> void:
	var id := node.get_instance_id()
	await until(func() -> bool: return not is_instance_id_valid(id), 5.0, why)


func _frames(count: int) -> void:
	for _frame in count:
		await get_tree().process_frame


func _expect_close_seen(counterpart: Testkit.Server, code: int) -> void:
	var frames := Testkit.named(await counterpart.wait_for("close"), "close")
	expect_eq(int(frames[0][0]) if frames.size() == 1 else frames, code, "the close frame seen")
