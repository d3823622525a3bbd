extends SceneTree
## Lets the suite in and sends every message back. Runs until it is killed.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/autobahn/server.gd
## [/codeblock]

const Echo := preload("res://tests/autobahn/echo.gd")

var _server := WebSocketServer.new()


func _initialize() -> void:
	Echo.hurry()
	_server.bind_ip = "127.0.0.1"
	_server.compression = Echo.COMPRESSION
	if _server.listen(0) != OK:
		quit(1)
	print("ready ", _server.get_local_port())


func _process(_delta: float) -> bool:
	_server.poll()
	for id in _server.get_peers():
		Echo.answer(_server.get_peer(id))
	return false
