extends "res://tests/suite.gd"
## Which signals tell of a message: one rule for all classes that have them.

const CLASSES: Array[String] = ["WebSocketClient", "WebSocketNode", "WebSocketServer", "WebSocketServerNode"]
## Those with the signal of Godot 3.
const WITH_DATA: Array[String] = ["WebSocketClient", "WebSocketServer"]

## What was heard: a text by [code]message_received[/code], or the name of another signal.
var heard: Array = []

## Never captured by a lambda that is connected to it.
var _subject: Object = null
## A client of the server.
var _visitor: TungstenWebSocketPeer = null
var _id := 1


func test_when_nobody_listens_then_messages_wait_until_somebody_does() -> void:
	for plain in CLASSES:
		await _begin(plain)
		await _receive(["one", "two", "three"])
		expect_eq(_peer().get_message(), "one", plain)
		# Until a server has no other reason to look at the client.
		await _poll_on()
		_subject.connect("message_received", _on_message)
		await _until(func() -> bool: return heard.size() == 2)
		expect_eq([heard, _peer().get_available_packet_count()], [["two", "three"], 0], plain)
		_end()


func test_when_messages_are_awaited_one_by_one_then_none_is_lost() -> void:
	for plain in CLASSES:
		await _begin(plain)
		_await_messages(1)
		await _receive(["one", "two", "three"], 2)
		expect_eq(heard, ["one"], plain)
		_await_messages(4)
		_send(["four", "five"])
		await _until(func() -> bool: return heard.size() == 5)
		expect_eq(heard, ["one", "two", "three", "four", "five"], plain)
		_end()


func test_when_the_end_was_told_then_messages_stay_with_the_peer() -> void:
	for plain in CLASSES:
		await _begin(plain)
		await _receive(["one", "two"])
		var peer := _peer()
		_subject.connect(_end_signal(plain), func(_a: Variant, _b: Variant = null, _c: Variant = null) -> void: heard.append("end"))
		peer.close()
		await _until(func() -> bool: return heard.size() == 1)
		_subject.connect("message_received", _on_message)
		await _poll_on()
		expect_eq([heard, peer.get_message(), peer.get_message()], [["end"], "one", "two"], plain)
		_end()


func test_when_both_signals_have_listeners_then_each_message_is_told_by_both() -> void:
	for plain in WITH_DATA:
		await _begin(plain)
		_subject.connect("message_received", _on_message)
		_listen_to_data(true)
		_send(["one", "two"])
		await _until(func() -> bool: return heard.size() == 4)
		await _poll_on()
		expect_eq(heard, ["one", ["data", "one"], "two", ["data", "two"]], plain)
		_end()


func test_when_neither_reads_then_a_message_that_both_have_told_is_taken_out() -> void:
	for plain in WITH_DATA:
		await _begin(plain)
		_subject.connect("message_received", _on_message)
		_listen_to_data(false)
		_send(["one", "two"])
		await _until(func() -> bool: return heard.size() == 4)
		await _poll_on()
		expect_eq(heard, ["one", ["data", null], "two", ["data", null]], plain)
		expect_eq(_peer().get_available_packet_count(), 0, plain)
		_end()


func test_when_a_message_is_awaited_once_then_data_received_goes_on() -> void:
	for plain in WITH_DATA:
		await _begin(plain)
		_listen_to_data(true)
		_await_messages(1)
		_send(["one", "two", "three"])
		await _until(func() -> bool: return heard.size() == 4)
		await _poll_on()
		expect_eq(heard, ["one", ["data", "one"], ["data", "two"], ["data", "three"]], plain)
		_end()


func test_when_the_listener_of_messages_has_read_it_then_data_received_is_not_told() -> void:
	for plain in WITH_DATA:
		await _begin(plain)
		_subject.connect("message_received", _on_message_read)
		_listen_to_data(true)
		_send(["one", "two"])
		await _until(func() -> bool: return heard.size() == 2)
		await _poll_on()
		expect_eq(heard, ["one", "two"], plain)
		_end()


## A connection of an object of this class in [member _subject] with one that sends back what it gets.
func _begin(plain: String) -> void:
	heard.clear()
	_subject = make(plain)
	if _is_server():
		_subject.bind_ip = "127.0.0.1"
		if _subject is Node:
			_subject.listen_on_ready = false
			add_child(_subject)
		expect_eq(_subject.listen(0), OK)
		_visitor = TungstenWebSocketPeer.new()
		expect_eq(_visitor.connect_to_url("ws://127.0.0.1:%d" % _subject.get_local_port()), OK)
	elif _subject is WebSocketNode:
		_subject.connect_on_ready = false
		add_child(_subject)
		expect_eq(_subject.open(server(["upgrade", "echo"]).url), OK)
	else:
		expect_eq(_subject.connect_to_url(server(["upgrade", "echo"]).url), OK)
	await _until(func() -> bool: return _peer() != null and _sender().get_ready_state() == TungstenWebSocketPeer.STATE_OPEN)


func _end() -> void:
	if _subject is Node:
		_subject.free()
	_subject = null
	_visitor = null


## Has these messages sent to the object.
func _send(texts: Array[String]) -> void:
	for text in texts:
		expect_eq(_sender().send_text(text), OK)


## The same, and waits until so many of them can be read.
func _receive(texts: Array[String], count := texts.size()) -> void:
	_send(texts)
	await _until(func() -> bool: return _peer().get_available_packet_count() == count)


## The connection of the object.
func _peer() -> TungstenWebSocketPeer:
	if _subject is WebSocketNode:
		return _subject.get_peer()
	if _is_server():
		var ids: PackedInt32Array = _subject.get_peers()
		_id = ids[0] if ids.size() > 0 else 0
	else:
		_id = 1
	return _subject.get_peer(_id)


## Who makes messages come: what the others send comes back.
func _sender() -> TungstenWebSocketPeer:
	return _visitor if _visitor != null else _peer()


func _is_server() -> bool:
	return _subject is WebSocketServer or _subject is WebSocketServerNode


func _end_signal(plain: String) -> String:
	match plain:
		"WebSocketClient": return "connection_closed"
		"WebSocketServer", "WebSocketServerNode": return "client_disconnected"
		_: return "closed"


func _until(condition: Callable) -> void:
	await until(func() -> bool:
		_poll()
		return condition.call(), 5.0, func() -> String: return "heard was: %s" % [heard])


## Polls on, to hear what should not come.
func _poll_on() -> void:
	for _frame in 20:
		await get_tree().process_frame
		_poll()


func _poll() -> void:
	if _subject != null and _subject.has_method("poll"):
		_subject.poll()
	if _visitor != null:
		_visitor.poll()


func _await_messages(count: int) -> void:
	for _index in count:
		var told: Variant = await Signal(_subject, "message_received")
		_on_message.callv(told if told is Array else [told])


## Of a server the id comes first.
func _on_message(first: Variant, second: Variant = null) -> void:
	if _is_server():
		expect_eq(first, _id)
	heard.append(first if second == null else second)


func _on_message_read(first: Variant, second: Variant = null) -> void:
	_on_message(first, second)
	expect_eq(_peer().get_message(), heard[-1])


func _listen_to_data(reads: bool) -> void:
	var handler := _on_data.bind(reads)
	_subject.connect("data_received", handler.unbind(1) if _subject is WebSocketServer else handler)


func _on_data(reads: bool) -> void:
	heard.append(["data", _peer().get_message() if reads else null])
