extends RefCounted
## The same bytes over [StreamPeerTCP] without a protocol: what is left if WebSockets cost nothing.

## Of a message that did not fit at once, so much is handed over at a time: a copy of all the rest each time would be what is
## measured.
const _PIECE := 1 << 20

var _listener := TCPServer.new()
var _client := StreamPeerTCP.new()
var _host: StreamPeerTCP = null
## What the other end has received and not sent back yet.
var _pending := PackedByteArray()


func listen(_bytes_in_flight: int, _identity: RefCounted = null) -> Error:
	return _listener.listen(0, "127.0.0.1")


func open() -> Error:
	var error := _client.connect_to_host("127.0.0.1", _listener.get_local_port())
	while error == OK and (_client.get_status() == StreamPeerTCP.STATUS_CONNECTING or not _listener.is_connection_available()):
		error = _client.poll()
	if error != OK:
		return error
	_host = _listener.take_connection()
	_client.set_no_delay(true)
	_host.set_no_delay(true)
	return OK


func drop() -> void:
	_client.disconnect_from_host()
	_host.disconnect_from_host()


func close() -> void:
	drop()
	_listener.stop()


func echo(message: PackedByteArray, window: int, count: int) -> int:
	var size := message.size()
	var sent := 0
	var received := 0
	var begin := Time.get_ticks_usec()
	while received < size * count:
		while sent < size * count and sent - received < size * window:
			var more := _put(_client, message, sent % size)
			if more == 0:
				break
			sent += more
		_pending.append_array(_take(_host))
		_pending = _pending.slice(_put(_host, _pending, 0))
		received += _take(_client).size()
	return Time.get_ticks_usec() - begin


func echo_text(message: String, window: int, count: int) -> int:
	return echo(message.to_utf8_buffer(), window, count)


func drain(message: PackedByteArray, count: int) -> int:
	var size := message.size()
	var sent := 0
	var received := 0
	var begin := Time.get_ticks_usec()
	while received < size * count:
		if sent < size * count:
			sent += _put(_client, message, sent % size)
		received += _take(_host, size).size()
	return Time.get_ticks_usec() - begin


func _put(stream: StreamPeerTCP, bytes: PackedByteArray, offset: int) -> int:
	if bytes.is_empty():
		return 0
	return stream.put_partial_data(bytes if offset == 0 else bytes.slice(offset, offset + _PIECE))[1]


func _take(stream: StreamPeerTCP, most := 1 << 30) -> PackedByteArray:
	var available := mini(stream.get_available_bytes(), most)
	return stream.get_partial_data(available)[1] if available > 0 else PackedByteArray()
