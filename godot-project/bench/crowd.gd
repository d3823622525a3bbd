extends RefCounted
## Many clients made by hand of [StreamPeerTCP], so that what they cost is not what is measured.

## The key of the example in RFC 6455, section 1.3.
const _REQUEST := "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	+ "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
## A binary message of 16 bytes, masked with zeros.
const _FRAME := [0x82, 0x90, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
## How much each says in [method converse], and how often.
const _SPEECH_SIZE := 40_000
const _SPEECHES := 2
## How long one may take to get in.
const _PATIENCE_MSEC := 20_000

var _streams: Array[StreamPeer] = []
var _tcp: Array[StreamPeerTCP] = []
var _tls := false


func _init(tls := false) -> void:
	_tls = tls


func size() -> int:
	return _streams.size()


## Lets so many more in, one after the other, and calls [param pump] until each has got its answer.
func join(port: int, count: int, pump: Callable) -> Error:
	for _index in count:
		var deadline := Time.get_ticks_msec() + _PATIENCE_MSEC
		var stream := _connected(port, pump, deadline)
		if stream == null:
			return ERR_CANT_CONNECT
		stream.put_data(_REQUEST.to_ascii_buffer())
		var answer := ""
		while not answer.contains("\r\n\r\n"):
			if Time.get_ticks_msec() > deadline:
				return ERR_TIMEOUT
			pump.call()
			answer += _read(stream).get_string_from_ascii()
		if not answer.begins_with("HTTP/1.1 101 "):
			return ERR_CONNECTION_ERROR
		_streams.append(stream)
	return OK


## Lets so many of them, spread evenly, say something.
func speak(count: int) -> void:
	var frame := PackedByteArray(_FRAME)
	for index in count:
		_streams[index * _streams.size() / count].put_data(frame)


## Forgets what they have received.
func drain(count: int) -> void:
	for index in count:
		_read(_streams[index * _streams.size() / count])


## Lets each say more than any buffer of default size holds, and hear it all again.
func converse() -> void:
	var speech := PackedByteArray([0x82, 0xFE, _SPEECH_SIZE >> 8, _SPEECH_SIZE & 0xFF, 0, 0, 0, 0])
	speech.resize(speech.size() + _SPEECH_SIZE)
	for _speech in _SPEECHES:
		for stream in _streams:
			stream.put_data(speech)
		for stream in _streams:
			# Four bytes of header come with it.
			var missing := _SPEECH_SIZE + 4
			while missing > 0 and is_connected_still():
				missing -= _read(stream).size()


## Whether the server is there.
func is_connected_still() -> bool:
	_tcp[0].poll()
	return _tcp[0].get_status() == StreamPeerTCP.STATUS_CONNECTED


func leave() -> void:
	for stream in _tcp:
		stream.disconnect_from_host()
	_streams.clear()
	_tcp.clear()


func _connected(port: int, pump: Callable, deadline: int) -> StreamPeer:
	var stream := StreamPeerTCP.new()
	stream.connect_to_host("127.0.0.1", port)
	_tcp.append(stream)
	while stream.get_status() == StreamPeerTCP.STATUS_CONNECTING and Time.get_ticks_msec() < deadline:
		stream.poll()
	if stream.get_status() != StreamPeerTCP.STATUS_CONNECTED:
		return null
	stream.set_no_delay(true)
	if not _tls:
		return stream
	var encrypted := StreamPeerTLS.new()
	encrypted.connect_to_stream(stream, "localhost", TLSOptions.client_unsafe())
	while encrypted.get_status() == StreamPeerTLS.STATUS_HANDSHAKING and Time.get_ticks_msec() < deadline:
		pump.call()
		encrypted.poll()
	return encrypted if encrypted.get_status() == StreamPeerTLS.STATUS_CONNECTED else null


func _read(stream: StreamPeer) -> PackedByteArray:
	if stream is StreamPeerTLS:
		stream.poll()
	var available := stream.get_available_bytes()
	return stream.get_data(available)[1] if available > 0 else PackedByteArray()
