extends "res://tests/peer_suite.gd"
## The side of a peer that it has from [code]PacketPeer[/code], and write modes.

const PollingValue := preload("res://tests/polling_value.gd")


func test_when_packets_are_put_then_they_are_binary() -> void:
	var counterpart := server(["upgrade", "echo"])
	var peer := await opened(counterpart.url)
	expect_eq(peer.get_write_mode(), TungstenWebSocketPeer.WRITE_MODE_BINARY)
	expect_eq(peer.put_packet("bytes".to_utf8_buffer()), OK)
	expect_eq(await next_packet(peer), "bytes".to_utf8_buffer())
	expect_eq(peer.was_string_packet(), false)


func test_when_the_write_mode_is_text_then_packets_are_text() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	peer.set_write_mode(TungstenWebSocketPeer.WRITE_MODE_TEXT)
	expect_eq(peer.get_write_mode(), TungstenWebSocketPeer.WRITE_MODE_TEXT)
	expect_eq(peer.put_packet("text".to_utf8_buffer()), OK)
	expect_eq(await next_packet(peer), "text")
	expect_eq(peer.send("bytes".to_utf8_buffer()), OK, "send has a mode of its own")
	expect_eq(await next_packet(peer), "bytes".to_utf8_buffer())


func test_when_send_is_told_the_mode_then_it_counts() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	expect_eq(peer.send("a".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	expect_eq(await next_packet(peer), "a")
	expect_eq(peer.send("b".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_BINARY), OK)
	expect_eq(await next_packet(peer), "b".to_utf8_buffer())


func test_when_a_text_is_not_utf8_then_it_is_not_sent() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	expect_eq(peer.send([0xC3, 0x28], TungstenWebSocketPeer.WRITE_MODE_TEXT), ERR_INVALID_PARAMETER)
	expect_eq(peer.send_text("next"), OK)
	expect_eq(await next_packet(peer), "next")


func test_when_packets_are_read_then_was_string_packet_tells_of_the_last_one() -> void:
	var peer := await opened(server(["upgrade", {"text": "t"}, {"binary": [1]}, {"text": "u"}, "echo"]).url)
	await until(func() -> bool:
		peer.poll()
		return peer.get_available_packet_count() == 3)
	var kinds := [peer.was_string_packet()]
	for _packet in 3:
		peer.get_packet()
		kinds.append(peer.was_string_packet())
	expect_eq(kinds, [false, true, false, true])
	peer.get_packet()
	expect_eq(peer.get_packet_error(), ERR_UNAVAILABLE)
	expect_eq(peer.was_string_packet(), true, "there was no other packet")


func test_when_variables_are_put_then_they_come_back() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	for value: Variant in [7, "text", [1, 2.5, null], {"a": Vector3(1, 2, 3)}, PackedByteArray([1, 2])]:
		expect_eq(peer.put_var(value), OK)
		await until(func() -> bool:
			peer.poll()
			return peer.get_available_packet_count() > 0)
		expect_eq(peer.get_var(), value)


func test_when_an_object_that_is_being_read_polls_the_peer_then_the_rest_of_it_is_right() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	peer.outbound_buffer_size = 0
	var value := PollingValue.large()
	for what: Callable in [peer.poll, peer.get_packet, peer.get_message, peer.close]:
		expect_eq(peer.put_var(value, true), OK)
		await until(func() -> bool:
			peer.poll()
			return peer.get_available_packet_count() > 0)
		PollingValue.on_set = what
		var read: PollingValue = peer.get_var(true)
		PollingValue.on_set = Callable()
		expect_true(read.rest == value.rest, str(what))


func test_when_an_array_is_kept_then_the_next_packet_does_not_change_it() -> void:
	var peer := await opened(server(["upgrade", {"binary": [1, 2, 3]}, {"binary": [9, 9, 9]}, "echo"]).url)
	var first: PackedByteArray = await next_packet(peer)
	var second: PackedByteArray = await next_packet(peer)
	expect_eq(first, PackedByteArray([1, 2, 3]))
	expect_eq(second, PackedByteArray([9, 9, 9]))


func test_when_open_or_closing_then_it_is_connected_to_host() -> void:
	var peer := connecting(server(["upgrade", "answer_close", "hold"]).url)
	expect_eq(peer.is_connected_to_host(), false)
	await until_state(peer, OPEN)
	expect_eq(peer.is_connected_to_host(), true)
	peer.close()
	expect_eq(peer.is_connected_to_host(), true)
	await until_state(peer, CLOSED)
	expect_eq(peer.is_connected_to_host(), false)


func test_when_messages_are_queued_then_their_payload_is_counted() -> void:
	var peer := await opened(server(["upgrade", {"wait": "never"}]).url)
	peer.outbound_buffer_size = 0
	var message := PackedByteArray()
	message.resize(16 * 1024 * 1024)
	expect_eq(peer.send(message), OK)
	expect_eq(peer.get_current_outbound_buffered_amount(), message.size(), "a message counts whole until it has left")
	peer.close(-1)
	expect_eq(peer.get_current_outbound_buffered_amount(), 0)


func test_when_many_messages_are_sent_in_a_frame_then_all_leave_without_another_poll() -> void:
	var listener := WebSocketServer.new()
	listener.bind_ip = "127.0.0.1"
	expect_eq(listener.listen(0), OK)
	var ids := []
	listener.client_connected.connect(func(id: int, _protocol: String, _resource: String) -> void: ids.append(id))
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.connect_to_url("ws://127.0.0.1:%d" % listener.get_local_port()), OK)
	await until(func() -> bool:
		peer.poll()
		listener.poll()
		return not ids.is_empty() and peer.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN)
	for number in 100:
		expect_eq(peer.send([number]), OK)
	expect_true(peer.get_current_outbound_buffered_amount() > 0, "those beyond the first few are gathered")
	await until(func() -> bool:
		listener.poll()
		return listener.get_peer(ids[0]).get_available_packet_count() == 100)
	expect_eq(peer.get_current_outbound_buffered_amount(), 0)


func test_when_a_text_begins_with_a_byte_order_mark_then_it_stays() -> void:
	# As numbers: the engine's own functions drop it when they read UTF-8.
	var mark := String.chr(0xFEFF)
	var texts: Array[String] = [mark + "hello", mark, mark + mark + "grün", "in" + mark + "side", mark + "a" + String.chr(0x1F600)]
	await _expect_echoed(texts)


func test_when_texts_have_any_length_and_any_characters_then_they_arrive_unchanged() -> void:
	var texts: Array[String] = [""]
	for piece: String in ["a", "ü", "я", "天", "😀", "a天", "aaaaaaaaaaaaaaaü"]:
		for count in range(1, 71):
			texts.append(piece.repeat(count))
	await _expect_echoed(texts)


func _expect_echoed(texts: Array[String]) -> void:
	var script: Array = ["upgrade"]
	script.append_array(texts.map(func(_text: String) -> String: return "echo"))
	var peer := await opened(server(script + ["hold"]).url)
	for text in texts:
		expect_eq(peer.send_text(text), OK)
	var received: Array[String] = []
	await until(func() -> bool:
		peer.poll()
		while peer.get_available_packet_count() > 0:
			received.append(peer.get_message())
		return received.size() == texts.size(), 5.0, "all")
	for idx in received.size():
		expect_eq(received[idx].length(), texts[idx].length(), "the length of %d" % idx)
		expect_eq(received[idx], texts[idx])
