extends SceneTree
## The checking end of the conversation about compression in [code]interop/README.md[/code].
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/compression_client.gd -- --url=URL --compression=MODE
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")

## For each thing that is waited for, in seconds; a busy machine needs a fraction of it.
const PATIENCE_S := 15.0
## A script error ends the conversation without a word.
const LIFETIME_S := 55.0
const WINDOWS: Array[int] = [0, 9, 12, 15]
const SIZES: Array[int] = [1, 300, 5000, 70_000]
const BIG := 1_000_000
const ALIKE := 20

var _peer: TungstenWebSocketPeer = null
var _mode := Conversation.option("compression")
var _deadline := Time.get_ticks_msec() + int(LIFETIME_S * 1000.0)
var _has_failed := false


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_converse()


func _process(_delta: float) -> bool:
	if Time.get_ticks_msec() > _deadline:
		_fail("the conversation did not end within %d s" % int(LIFETIME_S))
	return false


func _converse() -> void:
	var count := 0
	for server_alone: bool in [false, true]:
		for client_alone: bool in [false, true]:
			for server_bits in WINDOWS:
				for client_bits in WINDOWS:
					await _hold(server_alone, client_alone, server_bits, client_bits)
					count += 1
	_expect("connections", count, 64)
	await _open("")
	_peer.send_text(Conversation.ORDER + "quit")
	await _until("the end", func() -> bool: return _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED)
	if not _has_failed:
		print("conversation held")
		quit()


## One connection to a server that answers with these parameters, if it may; 0 bits are none.
func _hold(server_alone: bool, client_alone: bool, server_bits: int, client_bits: int) -> void:
	var wanted := PackedStringArray()
	if server_alone:
		wanted.append("server_no_context_takeover=1")
	if client_alone:
		wanted.append("client_no_context_takeover=1")
	if server_bits > 0:
		wanted.append("server_max_window_bits=%d" % server_bits)
	if client_bits > 0:
		wanted.append("client_max_window_bits=%d" % client_bits)
	await _open("&".join(wanted))
	var what := "with %s" % wanted
	var is_alone := _mode == "enabled"
	_expect(what, _peer.get_compression_parameters(), {
		"server_no_context_takeover": server_alone or is_alone,
		"client_no_context_takeover": client_alone or is_alone,
		"server_max_window_bits": server_bits if server_bits > 0 else 15,
		"client_max_window_bits": client_bits if client_bits > 0 else 15,
	})
	await _talk_alike(what)
	var ratio := _peer.get_compression_ratio()
	if not (server_alone or client_alone or is_alone) and ratio > 0.5:
		_fail("%s: alike messages have a ratio of %f" % [what, ratio])
	for size in SIZES:
		await _echo("%s: %d characters" % [what, size], Conversation.verse(size))
		await _echo("%s: %d bytes" % [what, size], Conversation.verse(size).to_utf8_buffer())
	await _echo("%s: a big message" % what, Conversation.verse(BIG).to_utf8_buffer())
	await _echo("%s: a text" % what, Conversation.TEXT)
	await _echo("%s: bytes" % what, Conversation.all_bytes())
	await _echo("%s: no bytes" % what, PackedByteArray())
	ratio = _peer.get_compression_ratio()
	if ratio <= 0.0 or ratio > 0.5:
		_fail("%s: all messages have a ratio of %f" % [what, ratio])
	_peer.close(4001, "bye")
	await _until("the end", func() -> bool: return _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED)
	_expect(what, _peer.get_last_error() == null, true)


## Small messages that differ in a number, in one go.
func _talk_alike(what: String) -> void:
	for idx in ALIKE:
		_expect("send", _peer.send_text(Conversation.alike(idx)), OK)
	for idx in ALIKE:
		_expect(what, await _next(what), Conversation.alike(idx))


func _open(query: String) -> void:
	_peer = TungstenWebSocketPeer.new()
	_peer.compression = Conversation.COMPRESSION[_mode]
	_peer.compression_threshold = 0
	_expect("connect_to_url", _peer.connect_to_url("%s?%s" % [Conversation.option("url"), query]), OK)
	await _until("the handshake", func() -> bool: return _peer.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN)


## Sends a message and expects it back.
func _echo(what: String, message: Variant) -> void:
	_expect("send", _peer.send_text(message) if message is String else _peer.send(message), OK)
	_expect(what, await _next(what), message)


## The next message, which is waited for.
func _next(what: String) -> Variant:
	if _peer.get_available_packet_count() == 0:
		await _until(what, func() -> bool: return _peer.get_available_packet_count() > 0)
	return _peer.get_message()


## Polls once a frame until the condition holds. After a failure it never returns.
func _until(what: String, condition: Callable) -> void:
	var deadline := Time.get_ticks_msec() + int(PATIENCE_S * 1000.0)
	_peer.poll()
	while not condition.call():
		if _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED:
			var error := _peer.get_last_error()
			var reason := "" if error == null else error.get_message()
			_fail("%s: the connection has ended: %d %s" % [what, _peer.get_close_code(), reason])
		elif Time.get_ticks_msec() > deadline:
			_fail("%s: not within %d s" % [what, int(PATIENCE_S)])
		await process_frame
		_peer.poll()


func _expect(what: String, actual: Variant, expected: Variant) -> void:
	if typeof(actual) != typeof(expected) or actual != expected:
		_fail("%s: got %s, expected %s" % [what, var_to_str(actual).left(200), var_to_str(expected).left(200)])


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
