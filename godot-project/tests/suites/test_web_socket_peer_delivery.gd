extends "res://tests/peer_suite.gd"
## Nothing is lost: neither at the end of a connection nor at its beginning.


## A1
func test_when_text_and_close_come_in_one_segment_then_the_text_is_read_before_the_end() -> void:
	var peer := connecting(server(["upgrade", "cork", {"text": "last"}, {"close": [4001, "bye"]}, "uncork", "hold"]).url)
	expect_eq(await packets_until_closed(peer), ["last"])
	expect_close(peer, 4001, "bye")


## A2
func test_when_the_stream_ends_without_a_close_frame_then_the_text_is_read_before_the_end() -> void:
	var peer := connecting(server(["upgrade", "cork", {"text": "last"}, "fin", "hold"]).url)
	expect_eq(await packets_until_closed(peer), ["last"])
	expect_close(peer, -1, "")
	expect_eq(peer.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_LOST)


## A3
func test_when_many_messages_come_before_the_close_frame_then_all_are_read() -> void:
	var fill := {"fill": {"kind": "binary", "size": 10240, "count": 200}}
	var peer := connecting(server(["upgrade", fill, {"close": [1000, ""]}, "hold"]).url)
	var packets := await packets_until_closed(peer)
	expect_eq(packets.size(), 200)
	for idx in packets.size():
		var letter: int = "a".unicode_at(0) + idx % 26
		if packets[idx].size() != 10240 or packets[idx].count(letter) != 10240:
			fail("packet %d is damaged" % idx)
	expect_close(peer, 1000, "")


## A4
func test_when_close_follows_many_sends_then_the_server_gets_all_of_them_first() -> void:
	# The server does not read at first, so that the system takes only some of them.
	var counterpart := server(["upgrade", {"wait": "close"}, "answer_close", "hold"])
	var peer := await opened(counterpart.url)
	peer.outbound_buffer_size = 0
	var message := PackedByteArray()
	message.resize(50_000)
	for idx in 200:
		message.fill(idx)
		expect_eq(peer.send(message), OK)
	peer.close(1000, "done")
	expect_true(peer.get_current_outbound_buffered_amount() > 0, "messages wait")
	counterpart.release("close")
	await until_state(peer, CLOSED)
	expect_close(peer, 1000, "done")
	await expect_close_seen(counterpart, 1000, "done")
	var first_bytes := []
	for digest: Dictionary in Testkit.named(counterpart.report(), "binary"):
		first_bytes.append(int(digest["head"][0]))
	expect_eq(first_bytes, range(200))


## A5
func test_when_the_game_closes_then_unread_packets_stay_readable() -> void:
	var peer := await opened(server(["upgrade", {"text": "one"}, {"text": "two"}, "answer_close", "hold"]).url)
	await until(func() -> bool:
		peer.poll()
		return peer.get_available_packet_count() == 2)
	peer.close()
	expect_eq(peer.get_ready_state(), CLOSING)
	expect_eq(take_packet(peer), "one")
	await until_state(peer, CLOSED)
	expect_eq(peer.get_available_packet_count(), 1)
	expect_eq(take_packet(peer), "two")
	expect_close(peer, 1000, "")


## A6
func test_when_the_first_message_comes_with_the_answer_then_it_is_read() -> void:
	var peer := await opened(server(["cork", "upgrade", {"text": "first"}, "uncork", "echo"]).url)
	expect_eq(await next_packet(peer), "first")


## A6
func test_when_answer_message_and_close_come_in_one_segment_then_the_message_is_read() -> void:
	var script := ["cork", "upgrade", {"text": "all"}, {"close": [1000, ""]}, "uncork", "hold"]
	var peer := connecting(server(script).url)
	expect_eq(await packets_until_closed(peer), ["all"])
	expect_close(peer, 1000, "")


## A7
func test_when_ping_and_pong_come_between_fragments_then_the_message_is_whole() -> void:
	var start := {"fragment": {"opcode": 1, "fin": false, "payload": "he"}}
	var middle := {"fragment": {"opcode": 0, "fin": false, "payload": "ll"}}
	var end := {"fragment": {"opcode": 0, "fin": true, "payload": "o"}}
	var counterpart := server(["upgrade", start, {"ping": "XX"}, middle, {"pong": "YY"}, end, "echo"])
	var peer := await opened(counterpart.url)
	expect_eq(await next_packet(peer), "hello")
	expect_eq(Testkit.named(await counterpart.wait_for("pong"), "pong"), ["XX"])


## A8
func test_when_message_and_close_come_in_one_burst_over_tls_then_the_message_is_read() -> void:
	var script := [{"tls": "good"}, "upgrade", "cork", {"text": "last"}, {"close": [4001, "bye"]}, "close_notify", "fin"]
	var peer := connecting(server(script).url, trusting())
	expect_eq(await packets_until_closed(peer), ["last"])
	expect_close(peer, 4001, "bye")


## A9
func test_when_messages_are_empty_then_they_are_delivered_both_ways() -> void:
	var counterpart := server(["upgrade", "echo"])
	var peer := await opened(counterpart.url)
	expect_eq(peer.send_text(""), OK)
	expect_eq(peer.send(PackedByteArray()), OK)
	expect_eq(await next_packet(peer), "")
	expect_eq(await next_packet(peer), PackedByteArray())
	var events := await counterpart.wait_for("binary")
	expect_eq(Testkit.named(events, "text"), [""])
	expect_eq(Testkit.named(events, "binary")[0]["size"], 0)


func test_when_messages_go_both_ways_then_kind_order_and_content_are_kept() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	var sent := ["Grüße", PackedByteArray([0, 1, 254, 255]), "second", "x".repeat(40_000).to_utf8_buffer()]
	for message: Variant in sent:
		expect_eq(peer.send_text(message) if message is String else peer.send(message), OK)
	for message: Variant in sent:
		expect_eq(await next_packet(peer), message)


func test_when_the_connection_is_secure_then_messages_go_both_ways() -> void:
	var peer := await opened(server([{"tls": "good"}, "upgrade", "echo"]).url, trusting())
	var large := PackedByteArray()
	large.resize(60_000)
	large.fill(7)
	expect_eq(peer.send_text("hello"), OK)
	expect_eq(peer.send(large), OK)
	expect_eq(await next_packet(peer), "hello")
	expect_eq(await next_packet(peer), large)
	peer.close()
	await until_state(peer, CLOSED)
	expect_close(peer, 1000, "")
