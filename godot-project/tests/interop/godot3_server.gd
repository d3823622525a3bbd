extends SceneTree
## The obeying end of the conversation with signals in [code]interop/README.md[/code], for a client of Godot 3.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/godot3_server.gd -- [--certificate=FILE --key=FILE]
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")
const Signals := preload("res://tests/interop/signals.gd")

## Nobody needs the server for longer, should it never be told to quit.
const LIFETIME_S := 60.0

var _server := WebSocketServer.new()
## Of every connection, the oldest first.
var _journals: Array[Signals.Journal] = []
## The place of a client's journal among them.
var _places := {}
## Who has asked for the signals of the connection before; 0 is nobody.
var _owed_to := 0
## Who is pinged, so that it can be told of the answer; 0 is nobody.
var _pinged := 0
## The last client, once the server was told to quit.
var _last: TungstenWebSocketPeer = null
var _deadline := Time.get_ticks_msec() + int(LIFETIME_S * 1000.0)
var _has_failed := false


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_server.client_connected.connect(_on_client_connected)
	_server.client_close_request.connect(_on_client_close_request)
	_server.client_disconnected.connect(_on_client_disconnected)
	_server.data_received.connect(_on_data_received)
	_server.bind_ip = "127.0.0.1"
	if _server.set_buffers(Signals.BUFFER_KB, Signals.MAX_PACKETS, Signals.BUFFER_KB, Signals.MAX_PACKETS) != OK:
		_fail("it cannot have such buffers")
	if not Conversation.option("key").is_empty():
		_server.private_key = CryptoKey.new()
		_server.ssl_certificate = X509Certificate.new()
		if _server.private_key.load(Conversation.option("key")) != OK:
			_fail("the key cannot be read")
		if _server.ssl_certificate.load(Conversation.option("certificate")) != OK:
			_fail("the certificate cannot be read")
	if _server.listen(0, [Conversation.PROTOCOL]) != OK:
		_fail("it cannot listen")
	print("ready ", _server.get_local_port())


func _process(_delta: float) -> bool:
	_server.poll()
	if _owed_to != 0:
		_tell_signals_before(_owed_to)
	if _pinged != 0 and _server.get_peer(_pinged).get_round_trip_time() >= 0.0:
		_server.get_peer(_pinged).heartbeat_interval = 0.0
		_answer(_pinged, "ponged")
		_pinged = 0
	if _last != null and _last.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED and not _has_failed:
		quit()
	if Time.get_ticks_msec() > _deadline:
		_fail("nobody said quit within %d s" % int(LIFETIME_S))
	return false


func _on_client_connected(id: int, protocol: String, resource_name: String) -> void:
	_places[id] = _journals.size()
	_journals.append(Signals.Journal.new())
	_journal(id).note("client_connected %s %s" % [protocol, resource_name])


func _on_client_close_request(id: int, code: int, reason: String) -> void:
	_journal(id).note("client_close_request %d %s" % [code, reason])


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	_journal(id).note("client_disconnected %s" % was_clean_close)
	_journal(id).has_ended = true


func _on_data_received(id: int) -> void:
	_journal(id).note_data()
	var message: Variant = Signals.receive(_server.get_peer(id))
	if message is String and message.begins_with(Conversation.ORDER):
		_obey(id, message.trim_prefix(Conversation.ORDER).split(" "))
	else:
		_answer(id, message)


func _obey(id: int, words: PackedStringArray) -> void:
	match words[0]:
		"header":
			var headers: PackedStringArray = _server.get_peer(id).get_request_headers()
			_answer(id, Conversation.header(headers, words[1]))
		"empty":
			if _server.get_peer(id).send_text("") != OK or _server.get_peer(id).send(PackedByteArray()) != OK:
				_fail("it cannot send empty messages")
		"ping":
			_pinged = id
			_server.get_peer(id).heartbeat_interval = Signals.PING_INTERVAL
		"signals":
			_owed_to = id
		"close":
			_server.disconnect_peer(id, words[1].to_int(), words[2])
		"quit":
			_last = _server.get_peer(id)
			_server.stop()
		_:
			_fail("no such order: %s" % words[0])


## Once that connection has ended.
func _tell_signals_before(id: int) -> void:
	var before: Signals.Journal = null if _places[id] == 0 else _journals[_places[id] - 1]
	if before == null or before.has_ended:
		_owed_to = 0
		_answer(id, "there was none" if before == null else before.text())


func _answer(id: int, message: Variant) -> void:
	if Signals.send(_server.get_peer(id), message) != OK:
		_fail("it cannot send")


func _journal(id: int) -> Signals.Journal:
	return _journals[_places[id]]


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
