extends SceneTree
# The checking end of the conversation with signals in ../README.md, with the WebSocketClient of Godot 3.
#
# godot3 --path interop/godot3 -s client.gd --url=URL [--ca=FILE]

const Conversation = preload("res://conversation.gd")

# For each thing that is waited for; a busy machine needs a fraction of it.
const PATIENCE_MS = 15000
# A script error ends the conversation without a word.
const LIFETIME_MS = 55000
const BIG = 1000000
const MANY = 1000

var _client = WebSocketClient.new()
var _journal = null
# What has arrived and was not looked at yet.
var _inbox = []
# On this connection.
var _sent_count = 0
var _has_failed = false


func _initialize():
	Engine.target_fps = Conversation.FRAMES_PER_SECOND
	_client.connect("connection_established", self, "_on_connection_established")
	_client.connect("connection_error", self, "_on_connection_error")
	_client.connect("connection_closed", self, "_on_connection_closed")
	_client.connect("server_close_request", self, "_on_server_close_request")
	_client.connect("data_received", self, "_on_data_received")
	_converse()


func _idle(_delta):
	_client.poll()
	if OS.get_ticks_msec() > LIFETIME_MS:
		_fail("the conversation did not end within %d ms" % LIFETIME_MS)
	return false


func _converse():
	yield(_open(), "completed")
	yield(_expect_answer("header X-Tungsten-Client", "of Godot 3"), "completed")
	yield(_exchange(), "completed")
	yield(_expect_answer("ping", "ponged"), "completed")
	# Godot 3 sends no empty messages, but it gets them.
	yield(_expect_answer("empty", ""), "completed")
	yield(_until("no bytes", "_has_message"), "completed")
	_expect("no bytes", _inbox.pop_front(), PoolByteArray())
	var sent = _sent_count
	_client.disconnect_from_host(4001, "bye")
	yield(_until("the end", "_has_ended"), "completed")
	# Godot 3 does not look at the answer to its own close.
	_expect_signals("our close", _journal, _opened(sent + 1) + ["connection_closed false"])

	yield(_open(), "completed")
	# Godot 3 ends a reason with a NUL, which Tungsten takes away.
	var told = _received(sent) + ["client_close_request 4001 bye", "client_disconnected true"]
	yield(_expect_answer("signals", PoolStringArray(told).join("\n")), "completed")
	_send(Conversation.ORDER + "close 4002 kick")
	yield(_until("the end", "_has_ended"), "completed")
	var closed = ["server_close_request 4002 kick", "connection_closed true"]
	_expect_signals("the close of the server", _journal, _opened(1) + closed)

	yield(_open(), "completed")
	told = _received(2) + ["client_disconnected true"]
	yield(_expect_answer("signals", PoolStringArray(told).join("\n")), "completed")
	_send(Conversation.ORDER + "quit")
	yield(_until("the end", "_has_ended"), "completed")
	_expect_signals("the end", _journal, _opened(1) + ["server_close_request 1000 ", "connection_closed true"])
	if not _has_failed:
		print("conversation held")
		quit()


# The first signals of ours, on a connection with so many answers.
func _opened(count):
	return ["connection_established %s" % Conversation.PROTOCOL, "data_received x %d" % count]


# The first signals of a server of Tungsten that got so many messages.
func _received(count):
	var connected = "client_connected %s %s" % [Conversation.PROTOCOL, Conversation.RESOURCE]
	return [connected, "data_received x %d" % count]


func _open():
	_journal = Conversation.Journal.new()
	_sent_count = 0
	if not Conversation.option("ca").empty():
		var certificate = X509Certificate.new()
		_expect("the certificate", certificate.load(Conversation.option("ca")), OK)
		_client.trusted_ssl_certificate = certificate
	var buffers = [Conversation.BUFFER_KB, Conversation.MAX_PACKETS]
	_expect("set_buffers", _client.set_buffers(buffers[0], buffers[1], buffers[0], buffers[1]), OK)
	var url = Conversation.option("url").trim_suffix("/") + Conversation.RESOURCE
	var protocols = PoolStringArray(["other.example", Conversation.PROTOCOL])
	var headers = PoolStringArray(["X-Tungsten-Client: of Godot 3"])
	_expect("connect_to_url", _client.connect_to_url(url, protocols, false, headers), OK)
	yield(_until("the handshake", "_is_open"), "completed")


# Messages that come back in order.
func _exchange():
	var big = Conversation.all_bytes()
	big.resize(251)
	while big.size() < BIG:
		big.append_array(big)
	big.resize(BIG)
	var messages = [Conversation.TEXT, Conversation.all_bytes(), big, "é".repeat(BIG / 20)]
	for idx in MANY:
		messages.append("message %d" % idx)
	for message in messages:
		_send(message)
	for idx in messages.size():
		if _inbox.empty():
			yield(_until("message %d" % idx, "_has_message"), "completed")
		_expect("message %d" % idx, _inbox.pop_front(), messages[idx])


func _send(message):
	_sent_count += 1
	_expect("send", Conversation.send(_client.get_peer(1), message), OK)


func _expect_answer(order, expected):
	_send(Conversation.ORDER + order)
	yield(_until(order, "_has_message"), "completed")
	_expect(order, _inbox.pop_front(), expected)


func _expect_signals(what, journal, expected):
	_expect(what, journal.text(), PoolStringArray(expected).join("\n"))


# Waits, for one frame at least, until the method says yes. After a failure it never returns.
func _until(what, method):
	var deadline = OS.get_ticks_msec() + PATIENCE_MS
	yield(self, "idle_frame")
	while not call(method):
		if _has_ended():
			_fail("%s: the connection has ended" % what)
		elif OS.get_ticks_msec() > deadline:
			_fail("%s: not within %d ms" % [what, PATIENCE_MS])
		yield(self, "idle_frame")


func _is_open():
	return _client.get_connection_status() == NetworkedMultiplayerPeer.CONNECTION_CONNECTED


func _has_message():
	return not _inbox.empty()


func _has_ended():
	return _journal.has_ended


func _on_connection_established(protocol):
	_journal.note("connection_established %s" % protocol)


func _on_connection_error():
	_journal.note("connection_error")
	_journal.has_ended = true


func _on_connection_closed(was_clean_close):
	_journal.note("connection_closed %s" % str(was_clean_close).to_lower())
	_journal.has_ended = true


func _on_server_close_request(code, reason):
	_journal.note("server_close_request %d %s" % [code, reason])


func _on_data_received():
	_journal.note_data()
	_inbox.append(Conversation.receive(_client.get_peer(1)))


func _expect(what, actual, expected):
	if typeof(actual) != typeof(expected) or actual != expected:
		_fail("%s: got %s, expected %s" % [what, _describe(actual), _describe(expected)])


func _describe(value):
	if value is PoolByteArray:
		return "%d bytes" % value.size()
	var text = var2str(value).replace("\n", ", ")
	return text if text.length() <= 300 else "%s… (%d in all)" % [text.left(300), text.length()]


# Says what was wrong first, and ends with this frame.
func _fail(why):
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
