extends SceneTree
## Goes to one URL after the other and sends every message back, each time until the suite closes.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/autobahn/client.gd -- URL...
## [/codeblock]

const Echo := preload("res://tests/autobahn/echo.gd")

var _urls := OS.get_cmdline_user_args()
var _visited := 0
var _peer := TungstenWebSocketPeer.new()


func _initialize() -> void:
	Echo.hurry()


func _process(_delta: float) -> bool:
	_peer.poll()
	Echo.answer(_peer)
	if _peer.get_ready_state() != TungstenWebSocketPeer.STATE_CLOSED:
		return false
	if _visited == _urls.size():
		return true
	_peer = TungstenWebSocketPeer.new()
	_peer.compression = Echo.COMPRESSION
	var error := _peer.connect_to_url(_urls[_visited])
	if error != OK:
		push_error("%s: %s" % [_urls[_visited], error_string(error)])
	_visited += 1
	return false
