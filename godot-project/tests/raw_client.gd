extends RefCounted
## A client made by hand: it upgrades, sends and keeps frames as they are, and answers nothing.

## The key of the example in RFC 6455, section 1.3.
const KEY := "dGhlIHNhbXBsZSBub25jZQ=="
const TEXT := 1
const BINARY := 2
const CLOSE := 8
const PING := 9

var stream := StreamPeerTCP.new()
## The head of the answer, once it is there as a whole.
var head := ""
## All frames that have come, each as [code][opcode, payload][/code].
var frames: Array[Array] = []
## Whether the server has ended the stream.
var has_ended := false
var _received := PackedByteArray()


func _init(port: int) -> void:
	stream.connect_to_host("127.0.0.1", port)


## Sends an upgrade request, once connected.
func upgrade() -> void:
	stream.put_data(request())


## An upgrade request.
static func request() -> PackedByteArray:
	var lines := PackedStringArray([
		"GET / HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + KEY,
		"Sec-WebSocket-Version: 13",
	])
	return ("\r\n".join(lines) + "\r\n\r\n").to_utf8_buffer()


## Sends a whole message in one frame.
func send(opcode: int, payload: PackedByteArray) -> void:
	stream.put_data(frame(opcode, payload))


## A frame as clients send it, with a mask of zeros.
static func frame(opcode: int, payload: PackedByteArray) -> PackedByteArray:
	var bytes := PackedByteArray([0x80 | opcode])
	if payload.size() < 126:
		bytes.append(0x80 | payload.size())
	else:
		bytes.append_array([0x80 | 126, payload.size() >> 8, payload.size() & 0xff])
	bytes.append_array([0, 0, 0, 0])
	bytes.append_array(payload)
	return bytes


## Reads what has come.
func poll() -> void:
	stream.poll()
	has_ended = has_ended or stream.get_status() in [StreamPeerTCP.STATUS_NONE, StreamPeerTCP.STATUS_ERROR]
	if is_connected_to_host() and stream.get_available_bytes() > 0:
		_received.append_array(stream.get_data(stream.get_available_bytes())[1])
	if head.is_empty():
		_take_head()
	while not head.is_empty() and _take_frame():
		pass


func is_connected_to_host() -> bool:
	return stream.get_status() == StreamPeerTCP.STATUS_CONNECTED


## The payloads of the frames of this kind.
func payloads(opcode: int) -> Array[PackedByteArray]:
	var found: Array[PackedByteArray] = []
	for received in frames:
		if received[0] == opcode:
			found.append(received[1])
	return found


## The code of the close frame that has come; 0 without one.
func close_code() -> int:
	var closes := payloads(CLOSE)
	return 0 if closes.is_empty() else (closes[0][0] << 8) | closes[0][1]


func _take_head() -> void:
	# Latin-1, so that each byte is a character.
	var text := _received.get_string_from_ascii()
	var end := text.find("\r\n\r\n")
	if end >= 0:
		head = text.left(end)
		_received = _received.slice(end + 4)


func _take_frame() -> bool:
	if _received.size() < 2:
		return false
	var start := 2
	var size := _received[1] & 0x7f
	if size == 126:
		start = 4
		size = (_received[2] << 8) | _received[3] if _received.size() >= 4 else 0
	elif size == 127:
		start = 10
		size = (_received[6] << 24) | (_received[7] << 16) | (_received[8] << 8) | _received[9] if _received.size() >= 10 else 0
	if _received.size() < start + size:
		return false
	frames.append([_received[0] & 0x0f, _received.slice(start, start + size)])
	_received = _received.slice(start + size)
	return true
