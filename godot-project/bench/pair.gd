extends RefCounted
## Two ends of one connection in one process, for the cases that exchange messages.
##
## Written for our class. For the engine's the same text is compiled with the other name, so that both run the same lines
## with the same static types, as a game would have them.

const Identity := preload("res://bench/identity.gd")

## How long opening a connection, or one measurement, may take.
const _PATIENCE_USEC := 20_000_000
## What all subjects are given, so that none has to refuse a message of a case.
const _MARGIN := 1 << 20

var client: TungstenWebSocketPeer = null
var host: TungstenWebSocketPeer = null
## Whether each connection begins as if it were the first one to that server.
var is_fresh := false
var _listener := TCPServer.new()
var _identity: Identity = null
var _buffer_size := 0


## Listens. With an identity both ends speak TLS; [param bytes_in_flight] is what a case has under way at most.
func listen(bytes_in_flight: int, identity: Identity = null) -> Error:
	_buffer_size = bytes_in_flight * 2 + _MARGIN
	_identity = identity
	return _listener.listen(0, "127.0.0.1")


## Opens a connection, and blocks until it is open on both sides.
func open() -> Error:
	client = _new_peer()
	var error := client.connect_to_url(_url(), _client_options())
	var deadline := Time.get_ticks_usec() + _PATIENCE_USEC
	while error == OK and not (client.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN and _is_host_open()):
		client.poll()
		error = ERR_TIMEOUT if Time.get_ticks_usec() > deadline else _welcome()
	return error


## Drops the connection.
func drop() -> void:
	client.close(-1)
	if host != null:
		host.close(-1)


## Stops listening, too.
func close() -> void:
	drop()
	_listener.stop()


## Exchanges so many messages with [param window] of them under way, and returns the time in microseconds; -1 if one was
## refused or lost.
func echo(message: PackedByteArray, window: int, count: int) -> int:
	var sent := 0
	var received := 0
	var begin := Time.get_ticks_usec()
	while received < count:
		if Time.get_ticks_usec() > begin + _PATIENCE_USEC:
			return -1
		while sent < count and sent - received < window:
			if client.send(message) != OK:
				return -1
			sent += 1
		client.poll()
		serve()
		client.poll()
		while client.get_available_packet_count() > 0:
			client.get_packet()
			received += 1
	return Time.get_ticks_usec() - begin


## The same with texts, which each end makes strings of.
func echo_text(message: String, window: int, count: int) -> int:
	var sent := 0
	var received := 0
	var begin := Time.get_ticks_usec()
	while received < count:
		if Time.get_ticks_usec() > begin + _PATIENCE_USEC:
			return -1
		while sent < count and sent - received < window:
			if client.send_text(message) != OK:
				return -1
			sent += 1
		client.poll()
		serve_text()
		client.poll()
		while client.get_available_packet_count() > 0:
			take_text(client)
			received += 1
	return Time.get_ticks_usec() - begin


## Offers so many messages to a reader that takes one of them after each poll, and returns the time in microseconds; -1 if
## one was lost.
func drain(message: PackedByteArray, count: int) -> int:
	var sent := 0
	var received := 0
	var begin := Time.get_ticks_usec()
	while received < count:
		if Time.get_ticks_usec() > begin + _PATIENCE_USEC:
			return -1
		while sent < count and client.send(message) == OK:
			sent += 1
		client.poll()
		received += take_one()
	return Time.get_ticks_usec() - begin


## Answers what has come.
func serve() -> void:
	host.poll()
	while host.get_available_packet_count() > 0:
		host.send(host.get_packet())


## The same with texts.
func serve_text() -> void:
	host.poll()
	while host.get_available_packet_count() > 0:
		host.send_text(take_text(host))


## Takes a text as one has to without [code]get_message[/code].
func take_text(peer: TungstenWebSocketPeer) -> String:
	return peer.get_packet().get_string_from_utf8()


## Polls the reader and takes at most one message.
func take_one() -> int:
	host.poll()
	if host.get_available_packet_count() == 0:
		return 0
	host.get_packet()
	return 1


func _port() -> int:
	return _listener.get_local_port()


func _url() -> String:
	return "ws%s://127.0.0.1:%d" % ["" if _identity == null else "s", _port()]


func _client_options() -> TLSOptions:
	if _identity == null:
		return null
	return _identity.fresh_client_options() if is_fresh else _identity.client_options()


func _is_host_open() -> bool:
	return host != null and host.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN


## Goes on with the other end of the connection.
func _welcome() -> Error:
	if host == null or host.get_ready_state() == TungstenWebSocketPeer.STATE_CLOSED:
		if not _listener.is_connection_available():
			return OK
		host = _new_peer()
		return host.accept_stream(_secured(_listener.take_connection()))
	host.poll()
	return OK


func _secured(stream: StreamPeerTCP) -> StreamPeer:
	if _identity == null:
		return stream
	var encrypted := StreamPeerTLS.new()
	encrypted.accept_stream(stream, _identity.server_options())
	return encrypted


func _new_peer() -> TungstenWebSocketPeer:
	var peer := TungstenWebSocketPeer.new()
	prepare(peer)
	return peer


## Gives a peer room for what is under way.
func prepare(peer: TungstenWebSocketPeer) -> void:
	peer.inbound_buffer_size = _buffer_size
	peer.outbound_buffer_size = _buffer_size
	if "max_message_size" in peer:
		peer.set("max_message_size", _buffer_size)
