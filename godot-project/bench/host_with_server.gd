extends RefCounted
## The same with a [code]WebSocketServer[/code].

const Identity := preload("res://bench/identity.gd")

var _server := WebSocketServer.new()
var _count := 0


func listen(identity: Identity = null) -> Error:
	_server.bind_ip = "127.0.0.1"
	if identity != null:
		_server.private_key = identity.key
		_server.ssl_certificate = identity.certificate
	_server.client_connected.connect(_on_client_connected)
	_server.data_received.connect(_on_data_received)
	return _server.listen(0)


func port() -> int:
	return _server.get_local_port()


func size() -> int:
	return _count


func welcome() -> void:
	_server.poll()


func poll() -> void:
	_server.poll()


func close() -> void:
	_server.stop(-1)


func _on_client_connected(_id: int, _protocol: String, _resource_name: String) -> void:
	_count += 1


func _on_data_received(id: int) -> void:
	var peer := _server.get_peer(id)
	peer.send(peer.get_packet())
