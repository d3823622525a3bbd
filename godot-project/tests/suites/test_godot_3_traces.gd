extends "res://tests/suite.gd"
## The signals that a script of Godot 3 sees, with a client and a server in one process: the traces of Godot 3.6.2.
##
## Two values differ: whoever starts to close hears [code]true[/code] too, as both sides have seen both close frames.

## What has happened, in its order: "C" is the client, "S" the server.
var trace: Array[Array] = []

var _server: WebSocketServer = null
var _client: WebSocketClient = null
## The id of the client at the server.
var _id := 0


func test_when_a_client_connects_then_both_sides_hear_of_it_and_the_echo_comes_back() -> void:
	await _open()
	expect_eq(trace, [
		["S", "client_connected", "x", "/some/path?q=1"],
		["C", "connection_established", "x", MultiplayerPeer.CONNECTION_CONNECTED, true],
		["C", "write mode", TungstenWebSocketPeer.WRITE_MODE_BINARY],
		["C", "put_packet", OK],
		["S", "data_received", "hi", false],
		["S", "data_received", "text", true],
		["C", "data_received", "hi", false],
		["C", "data_received", "text", false],
	])


func test_when_the_client_disconnects_then_both_sides_hear_of_a_clean_end() -> void:
	await _open()
	trace.clear()
	_client.disconnect_from_host(4001, "bye")
	await _until_traced(3)
	expect_eq(trace, [
		["S", "client_close_request", 4001, "bye"],
		["S", "client_disconnected", true],
		# "false" in Godot 3.
		["C", "connection_closed", true, MultiplayerPeer.CONNECTION_DISCONNECTED],
	])


func test_when_the_server_disconnects_the_client_then_both_sides_hear_of_a_clean_end() -> void:
	await _open()
	trace.clear()
	_server.disconnect_peer(_id, 4002, "kick")
	await _until_traced(3)
	expect_eq(trace, [
		["C", "server_close_request", 4002, "kick"],
		["C", "connection_closed", true, MultiplayerPeer.CONNECTION_DISCONNECTED],
		# "false" in Godot 3.
		["S", "client_disconnected", true],
	])


func test_when_the_server_stops_then_only_the_client_hears_of_it() -> void:
	await _open()
	trace.clear()
	_server.stop()
	await _until_traced(2)
	expect_eq(trace, [
		["C", "server_close_request", 1000, ""],
		["C", "connection_closed", true, MultiplayerPeer.CONNECTION_DISCONNECTED],
	])


## Connects the two and lets them talk.
func _open() -> void:
	_server = WebSocketServer.new()
	_server.client_connected.connect(_on_client_connected)
	_server.client_disconnected.connect(_on_client_disconnected)
	_server.client_close_request.connect(_on_client_close_request)
	_server.data_received.connect(_on_server_data_received)
	_client = WebSocketClient.new()
	_client.connection_established.connect(_on_connection_established)
	_client.connection_error.connect(_on_connection_error)
	_client.connection_closed.connect(_on_connection_closed)
	_client.server_close_request.connect(_on_server_close_request)
	_client.data_received.connect(_on_client_data_received)
	expect_eq(_server.listen(0, ["chat", "x"]), OK, "listen")
	var url := "ws://127.0.0.1:%d/some/path?q=1" % _server.get_local_port()
	expect_eq(_client.connect_to_url(url, ["x", "chat"], false, ["X-A: 1"]), OK, "connect_to_url")
	expect_eq(_client.connect_to_url(url), ERR_ALREADY_IN_USE, "a second connect_to_url")
	await _until_traced(8)


## Polls both, the server first, until so much has happened; then some more, to hear what should not come.
func _until_traced(count: int) -> void:
	var traced := func() -> bool:
		_poll()
		return trace.size() >= count
	await until(traced, 5.0, func() -> String: return "%d entries: %s" % [count, trace])
	for _frame in 10:
		await get_tree().process_frame
		_poll()


func _poll() -> void:
	_server.poll()
	_client.poll()


func _on_client_connected(id: int, protocol: String, resource_name: String) -> void:
	_id = id
	trace.append(["S", "client_connected", protocol, resource_name])


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	expect_eq(id, _id)
	trace.append(["S", "client_disconnected", was_clean_close])


func _on_client_close_request(id: int, code: int, reason: String) -> void:
	expect_eq(id, _id)
	trace.append(["S", "client_close_request", code, reason])


func _on_server_data_received(id: int) -> void:
	var peer := _server.get_peer(id)
	var packet := peer.get_packet()
	trace.append(["S", "data_received", packet.get_string_from_utf8(), peer.was_string_packet()])
	expect_eq(peer.put_packet(packet), OK)


func _on_connection_established(protocol: String) -> void:
	var peer := _client.get_peer(1)
	var status := _client.get_connection_status()
	trace.append(["C", "connection_established", protocol, status, peer.is_connected_to_host()])
	trace.append(["C", "write mode", peer.get_write_mode()])
	trace.append(["C", "put_packet", peer.put_packet("hi".to_utf8_buffer())])
	peer.set_write_mode(TungstenWebSocketPeer.WRITE_MODE_TEXT)
	expect_eq(peer.put_packet("text".to_utf8_buffer()), OK)


func _on_connection_error() -> void:
	trace.append(["C", "connection_error"])


func _on_connection_closed(was_clean_close: bool) -> void:
	trace.append(["C", "connection_closed", was_clean_close, _client.get_connection_status()])


func _on_server_close_request(code: int, reason: String) -> void:
	trace.append(["C", "server_close_request", code, reason])


func _on_client_data_received() -> void:
	var peer := _client.get_peer(1)
	trace.append(["C", "data_received", peer.get_packet().get_string_from_utf8(), peer.was_string_packet()])
