extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketServer[/code]: polls one together with its clients, and writes down its
## signals.

## The key of the example in RFC 6455, section 1.3.
const KEY := "dGhlIHNhbXBsZSBub25jZQ=="
const CONNECTING := TungstenWebSocketPeer.STATE_CONNECTING
const OPEN := TungstenWebSocketPeer.STATE_OPEN
const CLOSED := TungstenWebSocketPeer.STATE_CLOSED

## The signals in the order in which they came, such as [code]["client_disconnected", 1, true][/code]. Clients are
## numbered from 1 in the order in which they have connected.
var heard: Array[Array] = []
## The ids of the clients that have connected.
var ids: Array[int] = []
## Never captured by a lambda: that would be a cycle, as the server holds what is connected to its signals.
var host: WebSocketServer = null
## Polled together with the server.
var clients: Array[TungstenWebSocketPeer] = []


## A new server in [member host], whose signals are written down.
func prepare() -> void:
	host = WebSocketServer.new()
	host.bind_ip = "127.0.0.1"
	host.client_connected.connect(_on_client_connected)
	host.client_disconnected.connect(_on_client_disconnected)
	host.client_close_request.connect(_on_client_close_request)
	host.data_received.connect(_on_data_received)
	host.failed.connect(_on_failed)


## The same, and it listens on a free port.
func start(protocols: PackedStringArray = []) -> void:
	prepare()
	expect_eq(host.listen(0, protocols), OK, "listen")


## Where the server is.
func url(target := "/") -> String:
	return "ws://127.0.0.1:%d%s" % [host.get_local_port(), target]


## A client that has begun to connect.
func knock(target := "/") -> TungstenWebSocketPeer:
	var client := TungstenWebSocketPeer.new()
	expect_eq(client.connect_to_url(url(target)), OK, "connect_to_url")
	clients.append(client)
	return client


## A client whose connection is open, on both sides.
func join(target := "/") -> TungstenWebSocketPeer:
	var client := knock(target)
	var count := ids.size() + 1
	await until_so(func() -> bool: return client.get_ready_state() == OPEN and ids.size() == count, "a client is in")
	return client


## A client that is made by hand.
func connected_stream() -> StreamPeerTCP:
	var stream := StreamPeerTCP.new()
	expect_eq(stream.connect_to_host("127.0.0.1", host.get_local_port()), OK)
	await until_so(func() -> bool:
		stream.poll()
		return stream.get_status() == StreamPeerTCP.STATUS_CONNECTED, "connected")
	return stream


## The upgrade request of such a client.
func request(method := "GET", more: PackedStringArray = []) -> String:
	var lines := PackedStringArray([
		"%s / HTTP/1.1" % method, "Host: example.com", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: %s" % KEY, "Sec-WebSocket-Version: 13",
	])
	lines.append_array(more)
	return "\r\n".join(lines) + "\r\n\r\n"


## What such a client has received since the last call.
func read_from(stream: StreamPeerTCP) -> PackedByteArray:
	stream.poll()
	if stream.get_status() != StreamPeerTCP.STATUS_CONNECTED or stream.get_available_bytes() <= 0:
		return PackedByteArray()
	return stream.get_data(stream.get_available_bytes())[1]


## The head of the answer that such a client gets, and whatever came with it.
func answer_to(stream: StreamPeerTCP, timeout_s := 5.0) -> String:
	var received := [""]
	await until_so(func() -> bool:
		received[0] += read_from(stream).get_string_from_ascii()
		return received[0].contains("\r\n\r\n"), "an answer", timeout_s)
	return received[0]


## Polls the server and the clients once a frame until the condition holds.
func until_so(condition: Callable, why := "", timeout_s := 5.0) -> void:
	var so := func() -> bool:
		poll_all()
		return condition.call()
	await until(so, timeout_s, func() -> String: return "%s, heard was: %s" % [why, heard.slice(-5)])


## The same until this signal has come so many times.
func until_heard(name: String, count := 1, timeout_s := 5.0) -> void:
	await until_so(func() -> bool: return times_heard(name) >= count, name, timeout_s)


## The same until the client has no connection.
func until_closed(client: TungstenWebSocketPeer, timeout_s := 5.0) -> void:
	await until_so(func() -> bool: return client.get_ready_state() == CLOSED, "closed", timeout_s)


## Polls for some more frames, to hear what should not come.
func poll_on(frames := 20) -> void:
	for _frame in frames:
		await get_tree().process_frame
		poll_all()


func poll_all() -> void:
	if host != null:
		host.poll()
	for client in clients:
		client.poll()


## The server's end of the connection of a client, by its number.
func peer(number := 1) -> TungstenWebSocketPeer:
	return host.get_peer(ids[number - 1])


## How often a signal has come.
func times_heard(name: String) -> int:
	return heard.filter(func(entry: Array) -> bool: return entry[0] == name).size()


## The names of the signals that have come, in their order.
func names_heard() -> Array:
	return heard.map(func(entry: Array) -> String: return entry[0])


func _on_client_connected(id: int, protocol: String, resource_name: String) -> void:
	ids.append(id)
	heard.append(["client_connected", ids.size(), protocol, resource_name])


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	heard.append(["client_disconnected", ids.find(id) + 1, was_clean_close])


func _on_client_close_request(id: int, code: int, reason: String) -> void:
	heard.append(["client_close_request", ids.find(id) + 1, code, reason])


func _on_failed(id: int, error: WebSocketError) -> void:
	heard.append(["failed", ids.find(id) + 1, error.get_kind()])


func _on_data_received(id: int) -> void:
	heard.append(["data_received", ids.find(id) + 1])
