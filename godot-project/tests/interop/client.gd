extends SceneTree
## The checking end of the conversation in [code]interop/README.md[/code].
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/interop/client.gd -- --url=URL [--ca=FILE] [--proxied]
## [/codeblock]

const Conversation := preload("res://tests/interop/conversation.gd")

## For each thing that is waited for, in seconds; a busy machine needs a fraction of it.
const PATIENCE_S := 15.0
## A script error ends the conversation without a word.
const LIFETIME_S := 55.0
const PING_INTERVAL := 0.02
const BIG := 10_000_000
const MANY := 1000

var _peer: TungstenWebSocketPeer = null
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
	await _open("X-Tungsten-Client: of Godot")
	await _exchange("of Godot")
	await _close_first()

	await _open()
	await _expect_answer("last close", "4001 bye")
	_order("close 4002 so long")
	await _until_closed()
	_expect("the close of the server", [_peer.get_close_code(), _peer.get_close_reason()], [4002, "so long"])

	await _open()
	_order("last close")
	var answer: Variant = await _next("the answer to the close of the server")
	_expect("the answer to the close of the server", str(answer).get_slice(" ", 0), "4002")
	_order("quit")
	await _until_closed()
	_expect("the end", _peer.get_close_code(), 1000)
	if not _has_failed:
		print("conversation held")
		quit()


## Everything that does not end the connection.
func _exchange(token: String) -> void:
	_expect("the sub-protocol", _peer.get_selected_protocol(), Conversation.PROTOCOL)
	var answered := Conversation.header(_peer.get_response_headers(), "X-Tungsten-Server")
	_expect("the header of the response", answered, "echo")
	await _expect_answer("header x-tungsten-client", token)
	if OS.get_cmdline_user_args().has("--proxied"):
		await _expect_answer("header x-forwarded-proto", "https")

	await _echo("text", Conversation.TEXT)
	await _echo("bytes", Conversation.all_bytes())
	await _echo("an empty text", "")
	await _echo("no bytes", PackedByteArray())

	await _expect_answer("fragments", Conversation.TEXT)
	_expect("bytes in fragments", await _next("bytes in fragments"), Conversation.all_bytes())

	_peer.heartbeat_interval = PING_INTERVAL
	await _until("the answer to our ping", func() -> bool: return _peer.get_round_trip_time() >= 0.0)
	_peer.heartbeat_interval = 0.0
	await _expect_answer("ping", "ponged")

	for idx in MANY:
		_expect("send", _peer.send_text("message %d" % idx), OK)
	for idx in MANY:
		_expect("many messages", await _next("message %d of many" % idx), "message %d" % idx)
	var big := Conversation.all_bytes().slice(0, 251)
	while big.size() < BIG:
		big.append_array(big)
	big.resize(BIG)
	await _echo("a big message", big)
	await _echo("a big text", "é".repeat(BIG / 20))


func _close_first() -> void:
	_peer.close(4001, "bye")
	await _until_closed()
	_expect("the answer to our close", _peer.get_close_code(), 4001)


func _open(header := "") -> void:
	_peer = TungstenWebSocketPeer.new()
	_peer.supported_protocols = ["other.example", Conversation.PROTOCOL]
	if not header.is_empty():
		_peer.handshake_headers = [header]
	var options: TLSOptions = null
	if not Conversation.option("ca").is_empty():
		var certificate := X509Certificate.new()
		_expect("the certificate", certificate.load(Conversation.option("ca")), OK)
		options = TLSOptions.client(certificate)
	_expect("connect_to_url", _peer.connect_to_url(Conversation.option("url"), options), OK)
	await _until("the handshake", func() -> bool: return _peer.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN)


## Sends a message and expects it back.
func _echo(what: String, message: Variant) -> void:
	_expect("send", _peer.send_text(message) if message is String else _peer.send(message), OK)
	_expect(what, await _next(what), message)


func _order(text: String) -> void:
	_expect("send", _peer.send_text(Conversation.ORDER + text), OK)


func _expect_answer(order: String, expected: Variant) -> void:
	_order(order)
	_expect(order, await _next(order), expected)


## The next message, which is waited for.
func _next(what: String) -> Variant:
	if _peer.get_available_packet_count() == 0:
		await _until(what, func() -> bool: return _peer.get_available_packet_count() > 0)
	return _peer.get_message()


## Waits for the end of the connection, which must not be a failure.
func _until_closed() -> void:
	await _until("the end", func() -> bool: return _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED)
	_expect("the last error", _last_error(), "")


## Polls once a frame until the condition holds. After a failure it never returns.
func _until(what: String, condition: Callable) -> void:
	var deadline := Time.get_ticks_msec() + int(PATIENCE_S * 1000.0)
	_peer.poll()
	while not condition.call():
		if _peer.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED:
			var close := [_peer.get_close_code(), _peer.get_close_reason(), _last_error()]
			_fail("%s: the connection has ended: %d %s %s" % ([what] + close))
		elif Time.get_ticks_msec() > deadline:
			_fail("%s: not within %d s" % [what, int(PATIENCE_S)])
		await process_frame
		_peer.poll()


func _last_error() -> String:
	return "" if _peer.get_last_error() == null else _peer.get_last_error().get_message()


func _expect(what: String, actual: Variant, expected: Variant) -> void:
	if typeof(actual) != typeof(expected) or actual != expected:
		_fail("%s: got %s, expected %s" % [what, _describe(actual), _describe(expected)])


func _describe(value: Variant) -> String:
	if value is PackedByteArray:
		return "%d bytes %s" % [value.size(), value.slice(0, 40).hex_encode()]
	var text := var_to_str(value)
	return text if text.length() <= 80 else "%s… (%d in all)" % [text.left(80), text.length()]


## Says what was wrong first, and ends with this frame.
func _fail(why: String) -> void:
	if not _has_failed:
		_has_failed = true
		print("failed: ", why)
		quit(1)
