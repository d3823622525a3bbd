extends "res://tests/peer_suite.gd"
## Streams of the engine under our peer, and clients that vanish right after they have sent something.

const RawClient := preload("res://tests/raw_client.gd")
const LAST := ["one", "two", "three"]


func test_when_a_client_vanishes_right_after_sending_then_its_messages_come_and_nothing_is_printed() -> void:
	for is_secure: bool in [false, true]:
		# What was not read makes the system end the stream with a reset.
		for reads: bool in [true, false]:
			var guest := await _guest(is_secure)
			if not reads:
				expect_eq(guest.host.send_text("never read"), OK)
				await _until_something_is_there(guest.tcp)
			guest.send_last_and_vanish()
			await until_gone(guest.server_side)
			expect_eq(await packets_until_closed(guest.host), LAST, "tls: %s, reads: %s" % [is_secure, reads])
			expect_eq(guest.host.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_LOST)


## A write that fails is the first to see the reset.
func test_when_our_side_sends_before_it_polls_then_the_last_messages_come_all_the_same() -> void:
	for is_secure: bool in [false, true]:
		var guest := await _guest(is_secure)
		expect_eq(guest.host.send_text("never read"), OK)
		await _until_something_is_there(guest.tcp)
		guest.host.poll()
		guest.send_last_and_vanish()
		await until_gone(guest.server_side)
		expect_eq(guest.host.send_text("too late"), OK)
		expect_eq(await packets_until_closed(guest.host), LAST, "tls: %s" % is_secure)


func test_when_a_client_vanishes_in_the_middle_of_tls_then_nothing_is_printed() -> void:
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var client := StreamPeerTCP.new()
	expect_eq(client.connect_to_host("127.0.0.1", listener.get_local_port()), OK)
	await until(func() -> bool:
		client.poll()
		return listener.is_connection_available() and client.get_status() == StreamPeerTCP.STATUS_CONNECTED)
	var secure := StreamPeerTLS.new()
	expect_eq(secure.accept_stream(listener.take_connection(), _server_options()), OK)
	var host := TungstenWebSocketPeer.new()
	expect_eq(host.accept_stream(secure), OK)
	host.poll()
	client.disconnect_from_host()
	await expect_failure(host, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_CONNECTION_LOST)


## Until the system has the end of the stream. Only what does not look at the state is asked.
func until_gone(stream: StreamPeerTCP) -> void:
	var sizes := [-2]
	# As many bytes as there will be: the end is in the same packet or right behind.
	await until(func() -> bool:
		var size := stream.get_available_bytes()
		var is_steady: bool = size > 0 and size == sizes[0]
		sizes[0] = size
		return is_steady)


func _until_something_is_there(stream: StreamPeerTCP) -> void:
	await until(func() -> bool: return stream.get_available_bytes() > 0)


func _server_options() -> TLSOptions:
	var pem := testkit().ask({"identity": "good"})
	var key := CryptoKey.new()
	var certificate := X509Certificate.new()
	expect_eq([key.load_from_string(pem["key"]), certificate.load_from_string(pem["certificate"])], [OK, OK], "identity")
	return TLSOptions.server(key, certificate)


## A client made by hand, and our peer that serves it. The connection is open, and the client has read the answer.
func _guest(is_secure: bool) -> Guest:
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var guest := Guest.new()
	expect_eq(guest.tcp.connect_to_host("127.0.0.1", listener.get_local_port()), OK)
	await until(func() -> bool:
		guest.tcp.poll()
		return listener.is_connection_available() and guest.tcp.get_status() == StreamPeerTCP.STATUS_CONNECTED)
	guest.server_side = listener.take_connection()
	guest.stream = guest.tcp
	var served: StreamPeer = guest.server_side
	if is_secure:
		var theirs := StreamPeerTLS.new()
		expect_eq(theirs.connect_to_stream(guest.tcp, "localhost", TLSOptions.client_unsafe()), OK)
		var ours := StreamPeerTLS.new()
		expect_eq(ours.accept_stream(guest.server_side, _server_options()), OK)
		guest.stream = theirs
		served = ours
	expect_eq(guest.host.accept_stream(served), OK)
	await until(func() -> bool:
		guest.host.poll()
		guest.stream.poll()
		return not is_secure or guest.stream.get_status() == StreamPeerTLS.STATUS_CONNECTED)
	expect_eq(guest.stream.put_data(RawClient.request()), OK)
	var answer := [""]
	await until(func() -> bool:
		guest.host.poll()
		guest.stream.poll()
		if guest.stream.get_available_bytes() > 0:
			answer[0] += guest.stream.get_data(guest.stream.get_available_bytes())[1].get_string_from_ascii()
		return answer[0].ends_with("\r\n\r\n") and guest.host.get_ready_state() == OPEN)
	return guest


class Guest:
	extends RefCounted

	## The client's end.
	var tcp := StreamPeerTCP.new()
	## What it speaks through: its TCP, or TLS on it.
	var stream: StreamPeer
	## The other end of its TCP.
	var server_side: StreamPeerTCP
	var host := TungstenWebSocketPeer.new()

	func send_last_and_vanish() -> void:
		# Else the system keeps back what it then forgets.
		tcp.set_no_delay(true)
		for message: String in LAST:
			stream.put_data(RawClient.frame(RawClient.TEXT, message.to_utf8_buffer()))
		tcp.disconnect_from_host()
