extends "res://tests/server_suite.gd"
## A poll of a server has an end, however many clients want something, and nobody is forgotten.

## As many as a server accepts in one poll.
const _CLIENTS := 256


func test_when_many_clients_negotiate_tls_at_once_then_they_are_served_over_several_polls() -> void:
	var pem := testkit().ask({"identity": "good"})
	prepare()
	host.private_key = CryptoKey.new()
	host.ssl_certificate = X509Certificate.new()
	expect_eq(host.private_key.load_from_string(pem["key"]), OK)
	expect_eq(host.ssl_certificate.load_from_string(pem["certificate"]), OK)
	# Time is not what this is about.
	host.handshake_timeout = 3600.0
	expect_eq(host.listen(0), OK)
	var streams: Array[StreamPeerTLS] = []
	for tcp in await _connected():
		var stream := StreamPeerTLS.new()
		expect_eq(stream.connect_to_stream(tcp, "127.0.0.1", TLSOptions.client_unsafe()), OK)
		streams.append(stream)
	# All of them have said hello before the server looks.
	for stream in streams:
		stream.poll()
	host.poll()
	expect_true(_count_answered(streams) < _CLIENTS, "all were served in one poll")
	var polls := 1
	while _count_answered(streams) < _CLIENTS and polls <= _CLIENTS:
		var before := _count_answered(streams)
		host.poll()
		polls += 1
		if polls > 2:
			expect_true(_count_answered(streams) > before, "poll %d has served nobody" % polls)
	expect_eq(_count_answered(streams), _CLIENTS)


## Clients that the system has let in, and the server has not seen.
func _connected() -> Array[StreamPeerTCP]:
	var streams: Array[StreamPeerTCP] = []
	for _index in _CLIENTS:
		var stream := StreamPeerTCP.new()
		expect_eq(stream.connect_to_host("127.0.0.1", host.get_local_port()), OK)
		streams.append(stream)
	var is_connected := func(stream: StreamPeerTCP) -> bool:
		stream.poll()
		return stream.get_status() == StreamPeerTCP.STATUS_CONNECTED
	await until(func() -> bool: return streams.all(is_connected), 10.0, "connected")
	return streams


func _count_answered(streams: Array[StreamPeerTLS]) -> int:
	var count := 0
	for stream in streams:
		var tcp := stream.get_stream() as StreamPeerTCP
		tcp.poll()
		count += int(tcp.get_available_bytes() > 0)
	return count
