extends Control
## Says hello to an echo server, and goodbye.
##
## [codeblock]
## godot --path godot-project demo/demo.tscn -- [--url=wss://localhost:9080] [--ca=authority.pem]
## [/codeblock]

const TIMEOUT_S := 10.0
const READING_TIME_S := 3.0

var _socket := TungstenWebSocketPeer.new()
var _state := TungstenWebSocketPeer.STATE_CONNECTING
var _echoes := 0
var _waited_s := 0.0


func _ready() -> void:
	_say("Godot %s, %s" % [Engine.get_version_info()["string"], _socket.get_class()])
	var url := _option("url", "ws://127.0.0.1:9080")
	if _socket.connect_to_url(url, _tls_options()) != OK:
		_fail("%s cannot be used" % url)


func _process(delta: float) -> void:
	_socket.poll()
	while _socket.get_available_packet_count() > 0:
		var packet := _socket.get_packet()
		_say("received %s" % (packet.get_string_from_utf8() if _socket.was_string_packet() else str(packet)))
		_echoes += 1
		if _echoes == 2:
			_socket.close(1000, "done")
	if _socket.get_ready_state() != _state:
		_state = _socket.get_ready_state()
		_on_state_changed()
	_waited_s += delta
	if _waited_s > TIMEOUT_S:
		_fail("no answer within %d s" % TIMEOUT_S)


func _on_state_changed() -> void:
	match _state:
		TungstenWebSocketPeer.STATE_OPEN:
			_say("connected to %s" % _socket.get_requested_url())
			_socket.send_text("hello")
			_socket.send([1, 2, 3])
		TungstenWebSocketPeer.STATE_CLOSED when _socket.get_last_error() != null:
			_fail(_socket.get_last_error().get_message())
		TungstenWebSocketPeer.STATE_CLOSED:
			_say("closed with %d, %s" % [_socket.get_close_code(), _socket.get_close_reason()])
			# In a window both go on later, so they are called as statements.
			if _echoes == 2:
				_end("demo: ok", 0)
			else:
				_fail("%d of 2 messages came back" % _echoes)


func _tls_options() -> TLSOptions:
	var path := _option("ca", "")
	if path.is_empty():
		return null
	var authority := X509Certificate.new()
	if authority.load(path) != OK:
		_fail("%s holds no certificates" % path)
	return TLSOptions.client(authority)


## The value of [code]--NAME=VALUE[/code] on the command line.
func _option(option: String, default: String) -> String:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--%s=" % option):
			return argument.trim_prefix("--%s=" % option)
	return default


func _say(line: String) -> void:
	print(line)
	$Log.add_text(line + "\n")


func _fail(why: String) -> void:
	_end("demo: failed: " + why, 1)


func _end(last_line: String, exit_code: int) -> void:
	set_process(false)
	_say(last_line)
	if DisplayServer.get_name() != "headless":
		await get_tree().create_timer(READING_TIME_S).timeout
	get_tree().quit(exit_code)
