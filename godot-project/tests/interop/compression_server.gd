extends SceneTree
## The obeying end of the conversation about compression in [code]interop/README.md[/code].
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/compression_server.gd -- --compression=MODE
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")

## Nobody needs the server for longer, should it never be told to quit.
const LIFETIME_S := 60.0

var _server := WebSocketServer.new()
var _deadline := Time.get_ticks_msec() + int(LIFETIME_S * 1000.0)
## What is to be printed once the last client has gone.
var _verdict := ""
var _last_close := ""
var _has_failed := false


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_server.bind_ip = "127.0.0.1"
	_server.compression = Conversation.COMPRESSION[Conversation.option("compression")]
	_server.client_connected.connect(_on_client_connected)
	_server.client_close_request.connect(_on_client_close_request)
	_server.client_disconnected.connect(_on_client_disconnected)
	_server.data_received.connect(_on_data_received)
	if _server.listen(0) != OK:
		_fail("it cannot listen")
	print("ready ", _server.get_local_port())


func _process(_delta: float) -> bool:
	_server.poll()
	if Time.get_ticks_msec() > _deadline:
		_fail("nobody said quit within %d s" % int(LIFETIME_S))
	return false


func _on_client_connected(id: int, _protocol: String, _resource_name: String) -> void:
	_server.get_peer(id).compression_threshold = 0


func _on_client_close_request(_id: int, code: int, reason: String) -> void:
	_last_close = "%d %s" % [code, reason]


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	if not was_clean_close:
		_fail("a client has gone: %s" % _server.get_peer(id).get_last_error().get_message())
	elif not _verdict.is_empty() and not _has_failed:
		print(_verdict)
		quit()


func _on_data_received(id: int) -> void:
	var peer := _server.get_peer(id)
	var message: Variant = peer.get_message()
	if message is String and message.begins_with(Conversation.ORDER):
		_obey(id, message.trim_prefix(Conversation.ORDER).split(" "))
	else:
		_answer(peer, message)


func _obey(id: int, words: PackedStringArray) -> void:
	var peer := _server.get_peer(id)
	match words[0]:
		"compression":
			var agreed := peer.get_compression_parameters()
			agreed["ratio"] = peer.get_compression_ratio()
			_answer(peer, JSON.stringify(agreed))
		"last":
			_answer(peer, _last_close)
		"close":
			_server.disconnect_peer(id, words[1].to_int(), " ".join(words.slice(2)))
		"quit":
			_verdict = " ".join(words.slice(1)) if words.size() > 1 else "told to quit"
			_server.disconnect_peer(id)
		"fail":
			_fail(" ".join(words.slice(1)))
		_:
			_fail("no such order: %s" % " ".join(words))


func _answer(peer: TungstenWebSocketPeer, message: Variant) -> void:
	var error := peer.send_text(message) if message is String else peer.send(message)
	if error != OK:
		_fail("it cannot send: %s" % error_string(error))


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
