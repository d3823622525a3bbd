extends SceneTree
# The obeying end of the conversation with signals in ../README.md, with the WebSocketServer of Godot 3.
#
# godot3 --path interop/godot3 -s server.gd [--certificate=FILE --key=FILE]

const Conversation = preload("res://conversation.gd")

# Nobody needs the server for longer, should it never be told to quit.
const LIFETIME_MS = 60000
# Below those that systems give to connections.
const FIRST_PORT = 10000
const PORT_COUNT = 20000
# How many ports are tried.
const ATTEMPTS = 20

var _server = WebSocketServer.new()
# Of every connection, the oldest first.
var _journals = []
# The place of a client's journal among them.
var _places = {}
# Who has asked for the signals of the connection before; 0 is nobody.
var _owed_to = 0
var _has_failed = false


func _initialize():
	Engine.target_fps = Conversation.FRAMES_PER_SECOND
	_server.connect("client_connected", self, "_on_client_connected")
	_server.connect("client_close_request", self, "_on_client_close_request")
	_server.connect("client_disconnected", self, "_on_client_disconnected")
	_server.connect("data_received", self, "_on_data_received")
	_server.set_extra_headers(PoolStringArray(["X-Tungsten-Server: echo"]))
	_server.bind_ip = "127.0.0.1"
	var buffers = [Conversation.BUFFER_KB, Conversation.MAX_PACKETS]
	if _server.set_buffers(buffers[0], buffers[1], buffers[0], buffers[1]) != OK:
		_fail("it cannot have such buffers")
	if not Conversation.option("key").empty():
		_server.private_key = CryptoKey.new()
		_server.ssl_certificate = X509Certificate.new()
		if _server.private_key.load(Conversation.option("key")) != OK:
			_fail("the key cannot be read")
		if _server.ssl_certificate.load(Conversation.option("certificate")) != OK:
			_fail("the certificate cannot be read")
	_listen()


# Nothing in Godot 3 tells which port the system has chosen for a server, so ports are tried until one is free.
func _listen():
	randomize()
	for _attempt in ATTEMPTS:
		var port = FIRST_PORT + randi() % PORT_COUNT
		if _server.listen(port, PoolStringArray([Conversation.PROTOCOL])) == OK:
			print("ready ", port)
			return
	_fail("it cannot listen")


func _idle(_delta):
	_server.poll()
	if _owed_to != 0:
		_tell_signals_before(_owed_to)
	if OS.get_ticks_msec() > LIFETIME_MS:
		_fail("nobody said quit within %d ms" % LIFETIME_MS)
	return false


func _on_client_connected(id, protocol):
	_places[id] = _journals.size()
	_journals.append(Conversation.Journal.new())
	_journal(id).note("client_connected %s" % protocol)


func _on_client_close_request(id, code, reason):
	_journal(id).note("client_close_request %d %s" % [code, reason])


func _on_client_disconnected(id, was_clean_close):
	_journal(id).note("client_disconnected %s" % str(was_clean_close).to_lower())
	_journal(id).has_ended = true


func _on_data_received(id):
	_journal(id).note_data()
	var message = Conversation.receive(_server.get_peer(id))
	if message is String and message.begins_with(Conversation.ORDER):
		_obey(id, message.trim_prefix(Conversation.ORDER).split(" "))
	else:
		_answer(id, message)


func _obey(id, words):
	match words[0]:
		"signals":
			_owed_to = id
		"close":
			_server.disconnect_peer(id, int(words[1]), words[2])
		"quit":
			_server.stop()
			quit()
		_:
			_fail("no such order: %s" % words[0])


# Once that connection has ended.
func _tell_signals_before(id):
	var before = null if _places[id] == 0 else _journals[_places[id] - 1]
	if before == null or before.has_ended:
		_owed_to = 0
		_answer(id, "there was none" if before == null else before.text())


func _answer(id, message):
	if Conversation.send(_server.get_peer(id), message) != OK:
		_fail("it cannot send")


func _journal(id):
	return _journals[_places[id]]


# Says what was wrong first, and ends with this frame.
func _fail(why):
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
