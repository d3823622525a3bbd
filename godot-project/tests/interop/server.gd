extends SceneTree
## The obeying end of the conversation in [code]interop/README.md[/code].
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/server.gd -- [--certificate=FILE --key=FILE]
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")

## Nobody needs the server for longer, should it never be told to quit.
const LIFETIME_S := 60.0

var _listener := TCPServer.new()
var _tls: TLSOptions = null
var _sessions: Array[Session] = []
var _deadline := Time.get_ticks_msec() + int(LIFETIME_S * 1000.0)
var _has_failed := false


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	if not Conversation.option("key").is_empty():
		var key := CryptoKey.new()
		var certificate := X509Certificate.new()
		if key.load(Conversation.option("key")) != OK or certificate.load(Conversation.option("certificate")) != OK:
			_fail("the certificate or its key cannot be read")
		_tls = TLSOptions.server(key, certificate)
	if _listener.listen(0, "127.0.0.1") != OK:
		_fail("it cannot listen")
	print("ready ", _listener.get_local_port())


func _process(_delta: float) -> bool:
	while _listener.is_connection_available():
		_accept(_listener.take_connection())
	for session in _sessions:
		session.poll()
		if not session.failure.is_empty():
			_fail(session.failure)
		elif session.was_told_to_quit and not session.last_close.is_empty() and not _has_failed:
			quit()
	if Time.get_ticks_msec() > _deadline:
		_fail("nobody said quit within %d s" % int(LIFETIME_S))
	return false


func _accept(stream: StreamPeer) -> void:
	if _tls != null:
		var secure := StreamPeerTLS.new()
		if secure.accept_stream(stream, _tls) != OK:
			_fail("the TLS of the engine does not start")
		stream = secure
	var before: Session = null if _sessions.is_empty() else _sessions.back()
	_sessions.append(Session.new(stream, before))


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)


## One connection.
class Session:
	extends RefCounted

	## Between two pings, in seconds.
	const PING_INTERVAL := 0.02

	## Why it did not end as it should; empty if it did, or has not ended.
	var failure := ""
	## [code]CODE REASON[/code] of the close frame that came; empty while it is open.
	var last_close := ""
	var was_told_to_quit := false
	var _peer := TungstenWebSocketPeer.new()
	var _before: Session = null
	## Messages that the network could not take yet.
	var _unsent := []
	var _is_pinging := false
	var _owes_last_close := false

	func _init(stream: StreamPeer, before: Session) -> void:
		_before = before
		_peer.supported_protocols = [Conversation.PROTOCOL]
		_peer.handshake_headers = ["X-Tungsten-Server: echo"]
		if _peer.accept_stream(stream) != OK:
			failure = "accept_stream"

	func poll() -> void:
		_peer.poll()
		_send_unsent()
		# What cannot be sent back is not read either.
		while _unsent.is_empty() and _peer.get_available_packet_count() > 0:
			_receive(_peer.get_message())
		if _is_pinging and _peer.get_round_trip_time() >= 0.0:
			_is_pinging = false
			_peer.heartbeat_interval = 0.0
			_answer("ponged")
		if _owes_last_close and (_before == null or not _before.last_close.is_empty()):
			_owes_last_close = false
			_answer("there was none" if _before == null else _before.last_close)
		if _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED and last_close.is_empty():
			last_close = "%d %s" % [_peer.get_close_code(), _peer.get_close_reason()]
			var error := _peer.get_last_error()
			if error != null:
				failure = error.get_message()

	func _receive(message: Variant) -> void:
		if message is String and message.begins_with(Conversation.ORDER):
			_obey(message.trim_prefix(Conversation.ORDER).split(" "))
		else:
			_answer(message)

	func _obey(words: PackedStringArray) -> void:
		match words[0]:
			"header":
				_answer(Conversation.header(_peer.get_request_headers(), words[1]))
			"fragments":
				_answer(Conversation.TEXT)
				_answer(Conversation.all_bytes())
			"ping":
				_is_pinging = true
				_peer.heartbeat_interval = PING_INTERVAL
			"last":
				_owes_last_close = true
			"close":
				_peer.close(words[1].to_int(), " ".join(words.slice(2)))
			"quit":
				was_told_to_quit = true
				_peer.close()
			_:
				failure = "no such order: %s" % " ".join(words)

	func _answer(message: Variant) -> void:
		_unsent.append(message)
		_send_unsent()

	func _send_unsent() -> void:
		while not _unsent.is_empty() and failure.is_empty():
			var message: Variant = _unsent[0]
			var error := _peer.send_text(message) if message is String else _peer.send(message)
			if error == ERR_OUT_OF_MEMORY:
				return
			if error != OK:
				failure = "it cannot send: %s" % error_string(error)
			_unsent.pop_front()
