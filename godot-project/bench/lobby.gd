extends RefCounted
## A multiplayer server, and clients of the same class. Written for our class; see [code]pair.gd[/code].

var _server := TungstenWebSocketMultiplayerPeer.new()
var _clients: Array[TungstenWebSocketMultiplayerPeer] = []
var _port := 0
var _count := 0


func listen(_identity: RefCounted = null) -> Error:
	# The class does not tell which port it has got, so it cannot be left to it.
	var finder := TCPServer.new()
	finder.listen(0, "127.0.0.1")
	_port = finder.get_local_port()
	finder.stop()
	_server.peer_connected.connect(_on_peer_connected)
	return _server.create_server(_port, "127.0.0.1")


func port() -> int:
	return _port


func size() -> int:
	return _count


func welcome() -> void:
	_server.poll()


## Starts to connect so many clients at once.
func knock(count: int) -> void:
	for _index in count:
		var client := TungstenWebSocketMultiplayerPeer.new()
		client.create_client("ws://127.0.0.1:%d" % _port)
		_clients.append(client)


## One frame of a game.
func poll() -> void:
	_server.poll()
	while _server.get_available_packet_count() > 0:
		_server.get_packet()
	for client in _clients:
		client.poll()


## Whether the server knows all clients, and they know it.
func is_complete() -> bool:
	if _count < _clients.size():
		return false
	return _clients.all(_is_in)


func close() -> void:
	for client in _clients:
		client.close()
	_server.close()
	_clients.clear()


static func _is_in(client: MultiplayerPeer) -> bool:
	return client.get_connection_status() == MultiplayerPeer.CONNECTION_CONNECTED


func _on_peer_connected(_id: int) -> void:
	_count += 1
