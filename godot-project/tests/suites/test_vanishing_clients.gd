extends "res://tests/suite.gd"
## Clients that vanish in the middle of something, between two polls of a server: none may stay as a ghost. Servers of
## both classes, with and without TLS.

const RawClient := preload("res://tests/raw_client.gd")

## What was sent last, without a mask or with one of zeros.
const LAST_BYTES := {
	"half a header": [0x82],
	"half a frame": [0x82, 0x85, 0, 0, 0, 0, 1, 2],
	"a first fragment": [0x02, 0x81, 0, 0, 0, 0, 1],
	"a ping": [0x89, 0x80, 0, 0, 0, 0],
	"a pong": [0x8a, 0x80, 0, 0, 0, 0],
	"a close frame": [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8],
	"a message": [0x82, 0x81, 0, 0, 0, 0, 1],
	"a violation": [0xc2, 0x81, 0, 0, 0, 0, 1],
}

## Who is there.
var present := {}
## How many were ever there.
var seen := 0
var _key := CryptoKey.new()
var _certificate := X509Certificate.new()


func test_when_a_client_of_a_server_vanishes_between_two_polls_then_it_is_gone() -> void:
	var host := _start_server(null, null)
	await _vanish_in_every_way(host, host.get_local_port(), false)


func test_when_a_client_of_a_server_with_tls_vanishes_between_two_polls_then_it_is_gone() -> void:
	_load_identity()
	var host := _start_server(_key, _certificate)
	await _vanish_in_every_way(host, host.get_local_port(), true)


func test_when_a_client_of_a_multiplayer_server_vanishes_between_two_polls_then_it_is_gone() -> void:
	var host := _start_multiplayer_server(null)
	await _vanish_in_every_way(host, host.get_local_port(), false)


func test_when_a_client_of_a_multiplayer_server_with_tls_vanishes_between_two_polls_then_it_is_gone() -> void:
	_load_identity()
	var host := _start_multiplayer_server(TLSOptions.server(_key, _certificate))
	await _vanish_in_every_way(host, host.get_local_port(), true)


func _vanish_in_every_way(host: Object, port: int, is_secure: bool) -> void:
	for what: String in LAST_BYTES:
		# What was not read makes the system end the stream with a reset.
		for reads: bool in [true, false]:
			var stream := await _join(host, port, is_secure, reads)
			if stream == null:
				return
			expect_eq(stream.put_data(PackedByteArray(LAST_BYTES[what])), OK, what)
			_end(stream)
			# A handful of polls would do; the time is room for a busy machine.
			await until(func() -> bool:
				host.poll()
				return present.is_empty(), 3.0, "%s, reads: %s" % [what, reads])
			present.clear()


## A client that has been upgraded, for the server too.
func _join(host: Object, port: int, is_secure: bool, reads: bool) -> StreamPeer:
	var tcp := StreamPeerTCP.new()
	expect_eq(tcp.connect_to_host("127.0.0.1", port), OK)
	await until(func() -> bool:
		tcp.poll()
		host.poll()
		return tcp.get_status() == StreamPeerTCP.STATUS_CONNECTED, 5.0, "connected")
	var stream: StreamPeer = tcp
	if is_secure:
		var tls := StreamPeerTLS.new()
		expect_eq(tls.connect_to_stream(tcp, "127.0.0.1", TLSOptions.client_unsafe()), OK)
		await until(func() -> bool:
			tls.poll()
			host.poll()
			return tls.get_status() == StreamPeerTLS.STATUS_CONNECTED, 5.0, "TLS")
		stream = tls
	expect_eq(stream.put_data(RawClient.request()), OK)
	var count := seen + 1
	var is_in := await until(func() -> bool:
		host.poll()
		return seen == count, 5.0, "in")
	if reads:
		await until(func() -> bool:
			stream.poll()
			return stream.get_available_bytes() > 0, 5.0, "the answer")
		stream.get_partial_data(stream.get_available_bytes())
	return stream if is_in else null


func _end(stream: StreamPeer) -> void:
	var tcp: StreamPeerTCP = stream.get_stream() if stream is StreamPeerTLS else stream
	tcp.disconnect_from_host()


func _load_identity() -> void:
	var pem := testkit().ask({"identity": "good"})
	expect_eq([_key.load_from_string(pem["key"]), _certificate.load_from_string(pem["certificate"])], [OK, OK], "identity")


func _start_server(key: CryptoKey, certificate: X509Certificate) -> WebSocketServer:
	var host := WebSocketServer.new()
	host.bind_ip = "127.0.0.1"
	host.private_key = key
	host.ssl_certificate = certificate
	host.client_connected.connect(func(id: int, _protocol: String, _resource: String) -> void: _on_in(id))
	host.client_disconnected.connect(func(id: int, _was_clean: bool) -> void: _on_out(id))
	expect_eq(host.listen(0), OK)
	return host


func _start_multiplayer_server(options: TLSOptions) -> MultiplayerPeer:
	var host: MultiplayerPeer = make("WebSocketMultiplayerPeer")
	host.peer_connected.connect(_on_in)
	host.peer_disconnected.connect(_on_out)
	expect_eq(host.create_server(0, "127.0.0.1", options), OK)
	return host


func _on_in(id: int) -> void:
	seen += 1
	present[id] = true


func _on_out(id: int) -> void:
	present.erase(id)
