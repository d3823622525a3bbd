extends "res://bench/pair.gd"
## The same with a [code]WebSocketServer[/code] as the other end, which is how a server is written with our classes.

var _server := WebSocketServer.new()


func listen(bytes_in_flight: int, identity: Identity = null) -> Error:
	_buffer_size = bytes_in_flight * 2 + _MARGIN
	_identity = identity
	_server.bind_ip = "127.0.0.1"
	if identity != null:
		_server.private_key = identity.key
		_server.ssl_certificate = identity.certificate
	_server.client_connected.connect(_on_client_connected)
	return _server.listen(0)


func close() -> void:
	drop()
	_server.stop(-1)


func echo(message: PackedByteArray, window: int, count: int) -> int:
	_answer_with(_answer)
	return super(message, window, count)


func echo_text(message: String, window: int, count: int) -> int:
	_answer_with(_answer_text)
	return super(message, window, count)


func serve() -> void:
	_server.poll()


func serve_text() -> void:
	_server.poll()


func take_text(peer: TungstenWebSocketPeer) -> String:
	return peer.get_message()


func take_one() -> int:
	_server.poll()
	if host.get_available_packet_count() == 0:
		return 0
	host.get_packet()
	return 1


func _port() -> int:
	return _server.get_local_port()


func _welcome() -> Error:
	_server.poll()
	return OK


func _answer_with(handler: Callable) -> void:
	for connection in _server.data_received.get_connections():
		_server.data_received.disconnect(connection["callable"])
	_server.data_received.connect(handler)


func _answer(id: int) -> void:
	var peer := _server.get_peer(id)
	peer.send(peer.get_packet())


func _answer_text(id: int) -> void:
	var peer := _server.get_peer(id)
	peer.send_text(take_text(peer))


func _on_client_connected(id: int, _protocol: String, _resource_name: String) -> void:
	host = _server.get_peer(id)
	prepare(host)
