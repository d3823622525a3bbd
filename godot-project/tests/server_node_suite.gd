extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketServerNode[/code]: a node in the tree, clients, and what was heard from it.

const OPEN := TungstenWebSocketPeer.STATE_OPEN
const CLOSED := TungstenWebSocketPeer.STATE_CLOSED

## The signals in the order in which they came, such as [code]["client_disconnected", 1, true][/code]. Clients are
## numbered from 1 in the order in which they have connected.
var heard: Array[Array] = []
## The ids of the clients that have connected.
var ids: Array[int] = []
## Never captured by a lambda that is connected to it.
var host: WebSocketServerNode = null
## Polled once a frame by those who wait; the server polls itself.
var clients: Array[TungstenWebSocketPeer] = []


## Adds [member host], which is made if need be, and writes its signals down. It listens on a free port.
func add() -> void:
	if not is_instance_valid(host) or host.is_inside_tree():
		host = WebSocketServerNode.new()
	host.bind_ip = "127.0.0.1"
	host.port = 0
	host.client_connected.connect(_on_client_connected)
	host.message_received.connect(_on_message_received)
	host.failed.connect(_on_failed)
	host.client_disconnected.connect(_on_client_disconnected)
	add_child(host)


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


## Polls the clients once a frame until the condition holds.
func until_so(condition: Callable, why := "") -> void:
	var so := func() -> bool:
		poll_clients()
		return condition.call()
	await until(so, 5.0, func() -> String: return "%s, heard was: %s" % [why, heard.slice(-5)])


## The same until this signal has come so many times.
func until_heard(name: String, count := 1) -> void:
	await until_so(func() -> bool: return names_heard().count(name) >= count, name)


## The same until the client has no connection, and checks the code with which that has ended.
func expect_closed(client: TungstenWebSocketPeer, code: int, why := "") -> void:
	await until_so(func() -> bool: return client.get_ready_state() == CLOSED, "closed, " + why)
	expect_eq(client.get_close_code(), code, why)


## Lets so many frames go by.
func frames(count := 10) -> void:
	for _frame in count:
		await get_tree().process_frame
		poll_clients()


func poll_clients() -> void:
	for client in clients:
		client.poll()


## The names of the signals that have come, in their order.
func names_heard() -> Array:
	return heard.map(func(entry: Array) -> String: return entry[0])


func forget() -> void:
	heard.clear()
	ids.clear()
	clients.clear()


func _on_client_connected(id: int, protocol: String, resource_name: String) -> void:
	ids.append(id)
	heard.append(["client_connected", ids.size(), protocol, resource_name])


func _on_message_received(id: int, data: Variant) -> void:
	heard.append(["message_received", ids.find(id) + 1, data])


func _on_failed(id: int, error: WebSocketError) -> void:
	heard.append(["failed", ids.find(id) + 1, error.get_kind()])


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	heard.append(["client_disconnected", ids.find(id) + 1, was_clean_close])
