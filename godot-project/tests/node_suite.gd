extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketNode[/code]: a node in the tree, and what was heard from it.

## The signals in the order in which they came, such as [code]["closed", 1000, "", true][/code].
var heard: Array[Array] = []

## Never captured by a lambda that is connected to it.
var node: WebSocketNode = null


## Adds [member node], which is made if need be, and writes its signals down.
func add(url: String) -> void:
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
func connect_to(name: String, handler: Callable) -> void:
	node.connect(name, handler.unbind(_argument_count(Signal(node, name))))


## A server that has the node emit this signal.
func url_for(name: String) -> String:
	if name == "failed":
		return "ws://127.0.0.1:%d" % testkit().closed_port()
	return server(["upgrade", {"text": "one"}, {"close": [4001, "bye"]}, "hold"]).url


## Waits until a signal has come so many times.
func until_heard(name: String, count := 1) -> void:
	var come := func() -> bool:
		return heard.filter(func(entry: Array) -> bool: return entry[0] == name).size() >= count
	await until(come, 5.0, func() -> String: return "%s, heard was: %s" % [name, heard])


## Waits until the node is freed.
func until_gone(why: String) -> void:
	var id := node.get_instance_id()
	await until(func() -> bool: return not is_instance_id_valid(id), 5.0, why)


## Lets so many frames go by.
func frames(count: int) -> void:
	for _frame in count:
		await get_tree().process_frame


## Waits until the server has seen a close frame, and checks its code.
func expect_close_seen(counterpart: Testkit.Server, code: int) -> void:
	var seen := Testkit.named(await counterpart.wait_for("close"), "close")
	expect_eq(int(seen[0][0]) if seen.size() == 1 else seen, code, "the close frame seen")
