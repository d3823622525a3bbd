extends SceneTree
## The checking end of the conversation with signals in [code]interop/README.md[/code], for a server of Godot 3.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/godot3_client.gd -- --url=URL [--ca=FILE]
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")
const Signals := preload("res://tests/interop/signals.gd")

## For each thing that is waited for, in seconds; a busy machine needs a fraction of it.
const PATIENCE_S := 15.0
## A script error ends the conversation without a word.
const LIFETIME_S := 55.0

var _client := WebSocketClient.new()
var _journal: Signals.Journal = null
## What has arrived and was not looked at yet.
var _inbox := []
## On this connection.
var _sent_count := 0
var _deadline := Time.get_ticks_msec() + int(LIFETIME_S * 1000.0)
var _has_failed := false


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_client.connection_established.connect(
		func(protocol: String) -> void: _journal.note("connection_established %s" % protocol)
	)
	_client.connection_error.connect(_on_connection_error)
	_client.connection_closed.connect(_on_connection_closed)
	_client.server_close_request.connect(
		func(code: int, reason: String) -> void: _journal.note("server_close_request %d %s" % [code, reason])
	)
	_client.data_received.connect(_on_data_received)
	_converse()


func _process(_delta: float) -> bool:
	_client.poll()
	if Time.get_ticks_msec() > _deadline:
		_fail("the conversation did not end within %d s" % int(LIFETIME_S))
	return false


func _converse() -> void:
	await _open()
	var headers: PackedStringArray = _client.get_peer(1).get_response_headers()
	_expect("the header of the response", Conversation.header(headers, "X-Tungsten-Server"), "echo")
	await _exchange()
	# Godot 3 sends none of these back, but it has a signal for each.
	_expect("an empty text", _client.get_peer(1).send_text(""), OK)
	_expect("no bytes", _client.get_peer(1).send(PackedByteArray()), OK)
	await _ping()
	var sent := _sent_count
	_client.disconnect_from_host(4001, "bye")
	await _until("the end", _has_ended)
	_expect_signals("our close", sent, ["connection_closed true"])

	await _open()
	await _expect_told(sent + 2, ["client_close_request 4001 bye", "client_disconnected true"])
	_send(Conversation.ORDER + "close 4002 kick")
	await _until("the end", _has_ended)
	# Godot 3 ends a reason with a NUL, which Tungsten takes away.
	_expect_signals("the close of the server", 1, ["server_close_request 4002 kick", "connection_closed true"])

	await _open()
	# Godot 3 does not look at the answer to its own close.
	await _expect_told(2, ["client_disconnected false"])
	_send(Conversation.ORDER + "quit")
	await _until("the end", _has_ended)
	_expect_signals("the end", 1, ["server_close_request 1000 ", "connection_closed true"])
	if not _has_failed:
		print("conversation held")
		quit()


func _open() -> void:
	_journal = Signals.Journal.new()
	_sent_count = 0
	if not Conversation.option("ca").is_empty():
		var certificate := X509Certificate.new()
		_expect("the certificate", certificate.load(Conversation.option("ca")), OK)
		_client.trusted_ssl_certificate = certificate
	var error: Error = _client.set_buffers(
		Signals.BUFFER_KB, Signals.MAX_PACKETS, Signals.BUFFER_KB, Signals.MAX_PACKETS
	)
	_expect("set_buffers", error, OK)
	var url := Conversation.option("url").trim_suffix("/") + Signals.RESOURCE
	_expect("connect_to_url", _client.connect_to_url(url, ["other.example", Conversation.PROTOCOL]), OK)
	await _until("the handshake", func() -> bool: return _status() == MultiplayerPeer.CONNECTION_CONNECTED)


## Messages that come back in order.
func _exchange() -> void:
	var big := Conversation.all_bytes().slice(0, 251)
	while big.size() < Signals.BIG:
		big.append_array(big)
	big.resize(Signals.BIG)
	var messages := [Conversation.TEXT, Conversation.all_bytes(), big, "é".repeat(Signals.BIG / 20)]
	for idx in Signals.MANY:
		messages.append("message %d" % idx)
	messages.map(_send)
	for idx in messages.size():
		_expect("message %d" % idx, await _next("message %d" % idx), messages[idx])


func _ping() -> void:
	var peer: TungstenWebSocketPeer = _client.get_peer(1)
	peer.heartbeat_interval = Signals.PING_INTERVAL
	await _until("the answer to our ping", func() -> bool: return peer.get_round_trip_time() >= 0.0)
	peer.heartbeat_interval = 0.0


func _send(message: Variant) -> void:
	_sent_count += 1
	_expect("send", Signals.send(_client.get_peer(1), message), OK)


## The next message, which is waited for.
func _next(what: String) -> Variant:
	if _inbox.is_empty():
		await _until(what, func() -> bool: return not _inbox.is_empty())
	return _inbox.pop_front()


## Asks the server for its signals of the connection before, on which it got so many messages.
func _expect_told(count: int, last: PackedStringArray) -> void:
	_send(Conversation.ORDER + "signals")
	var first := ["client_connected %s" % Conversation.PROTOCOL, "data_received x %d" % count]
	_expect("signals of the server", await _next("signals of the server"), "\n".join(first) + "\n" + "\n".join(last))


## Compares our signals of this connection, on which so many messages came.
func _expect_signals(what: String, count: int, last: PackedStringArray) -> void:
	var first := ["connection_established %s" % Conversation.PROTOCOL, "data_received x %d" % count]
	_expect(what, _journal.text(), "\n".join(first) + "\n" + "\n".join(last))


## Waits frame by frame until the condition holds. After a failure it never returns.
func _until(what: String, condition: Callable) -> void:
	var deadline := Time.get_ticks_msec() + int(PATIENCE_S * 1000.0)
	while not condition.call():
		if _has_ended():
			_fail("%s: the connection has ended: %s" % [what, _journal.text()])
		elif Time.get_ticks_msec() > deadline:
			_fail("%s: not within %d s" % [what, int(PATIENCE_S)])
		await process_frame


func _status() -> MultiplayerPeer.ConnectionStatus:
	return _client.get_connection_status()


func _has_ended() -> bool:
	return _journal.has_ended


func _on_connection_error() -> void:
	_journal.note("connection_error")
	_journal.has_ended = true


func _on_connection_closed(was_clean_close: bool) -> void:
	_journal.note("connection_closed %s" % was_clean_close)
	_journal.has_ended = true


func _on_data_received() -> void:
	_journal.note_data()
	_inbox.append(Signals.receive(_client.get_peer(1)))


func _expect(what: String, actual: Variant, expected: Variant) -> void:
	if typeof(actual) != typeof(expected) or actual != expected:
		_fail("%s: got %s, expected %s" % [what, _describe(actual), _describe(expected)])


func _describe(value: Variant) -> String:
	if value is PackedByteArray:
		return "%d bytes %s" % [value.size(), value.slice(0, 40).hex_encode()]
	var text := var_to_str(value).replace("\n", ", ")
	return text if text.length() <= 300 else "%s… (%d in all)" % [text.left(300), text.length()]


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
