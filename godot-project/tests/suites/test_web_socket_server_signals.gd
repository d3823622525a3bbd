extends "res://tests/server_suite.gd"
## Which signals come, and in which order; and how connections end.


func test_when_a_client_talks_and_leaves_then_the_signals_are_in_order() -> void:
	start()
	var client := await join("/chat?room=1")
	client.send_text("one")
	client.send(PackedByteArray([2]))
	client.close(4001, "bye")
	await until_heard("client_disconnected")
	await poll_on()
	expect_eq(heard, [
		["client_connected", 1, "", "/chat?room=1"],
		["data_received", 1],
		["data_received", 1],
		["client_close_request", 1, 4001, "bye"],
		["client_disconnected", 1, true],
	])
	expect_eq([client.get_close_code(), client.get_close_reason()], [4001, "bye"])
	expect_true(not host.has_peer(ids[0]) and host.get_peer(ids[0]) == null)


func test_when_messages_come_with_the_close_then_they_are_readable_until_the_end() -> void:
	start()
	var client := await join()
	var read := []
	# Captures the suite, not the server.
	var on_disconnected := func(id: int, _clean: bool) -> void:
		var gone := host.get_peer(id)
		while gone.get_available_packet_count() > 0:
			read.append(gone.get_packet().get_string_from_utf8())
	host.client_disconnected.connect(on_disconnected)
	for text: String in ["one", "two", "three"]:
		client.send_text(text)
	client.close()
	await until_heard("client_disconnected")
	expect_eq(read, ["one", "two", "three"])
	expect_eq(times_heard("data_received"), 3)


func test_when_a_client_has_left_then_its_code_is_known_until_the_end() -> void:
	start()
	var client := await join()
	var known := []
	host.client_disconnected.connect(func(id: int, _clean: bool) -> void:
		known.append_array([host.has_peer(id), host.get_peer(id).get_close_code(), host.get_peer(id).get_close_reason()]))
	client.close(4001, "bye")
	await until_heard("client_disconnected")
	expect_eq(known, [true, 4001, "bye"])


func test_when_a_client_just_goes_then_the_end_is_not_clean() -> void:
	start()
	var client := await join()
	client.close(-1)
	await until_heard("client_disconnected")
	await poll_on()
	expect_eq(heard, [
		["client_connected", 1, "", "/"],
		["failed", 1, WebSocketError.KIND_CONNECTION_LOST],
		["client_disconnected", 1, false],
	])


func test_when_a_client_sends_no_code_then_the_request_has_1005() -> void:
	start()
	var stream := await connected_stream()
	stream.put_data(request().to_ascii_buffer())
	await until_heard("client_connected")
	stream.put_data(PackedByteArray([0x88, 0x80, 0, 0, 0, 0]))
	await until_heard("client_disconnected")
	expect_eq(heard.slice(1), [["client_close_request", 1, 1005, ""], ["client_disconnected", 1, true]])


func test_when_the_server_disconnects_a_client_then_only_that_one_goes() -> void:
	start()
	var first := await join()
	var second := await join()
	host.disconnect_peer(ids[0], 4002, "kick")
	await until_heard("client_disconnected")
	await poll_on()
	expect_eq(heard.slice(2), [["client_disconnected", 1, true]])
	expect_eq([first.get_close_code(), first.get_close_reason()], [4002, "kick"])
	expect_eq([second.get_ready_state(), host.get_peers()], [OPEN, PackedInt32Array([ids[1]])])


func test_when_the_server_drops_a_client_then_that_one_sees_a_bare_end() -> void:
	start()
	var client := await join()
	host.disconnect_peer(ids[0], -1)
	await until_closed(client)
	await poll_on()
	expect_eq(client.get_close_code(), -1)
	expect_eq([names_heard(), host.has_peer(ids[0])], [["client_connected"], false])


func test_when_the_server_stops_then_its_clients_see_a_clean_end_and_it_hears_nothing() -> void:
	start()
	var first := await join()
	var second := await join()
	host.stop()
	expect_eq([host.get_peers(), host.has_peer(ids[0])], [PackedInt32Array(), false])
	await until_closed(first)
	await until_closed(second)
	await poll_on()
	expect_eq([first.get_close_code(), second.get_close_code()], [1000, 1000])
	expect_true(first.get_last_error() == null and second.get_last_error() == null)
	expect_eq(names_heard(), ["client_connected", "client_connected"])


func test_when_the_server_stops_with_a_code_then_its_clients_get_it() -> void:
	start()
	var client := await join()
	host.stop(1001, "see you tomorrow")
	await until_closed(client)
	expect_eq([client.get_close_code(), client.get_close_reason()], [1001, "see you tomorrow"])


func test_when_the_server_is_to_stop_with_a_code_that_may_not_be_sent_then_it_goes_on() -> void:
	start()
	await join()
	expect_error("stop: close code 1005 may not be sent")
	host.stop(1005)
	expect_eq([host.is_listening(), host.get_peers()], [true, PackedInt32Array(ids)])


func test_when_the_server_stops_with_much_to_send_then_the_client_gets_all_of_it() -> void:
	start()
	var client := await join()
	peer().outbound_buffer_size = 0
	var megabyte := PackedByteArray()
	megabyte.resize(1 << 20)
	for _index in 20:
		expect_eq(peer().send_text("small"), OK)
		expect_eq(peer().send(megabyte), OK)
	host.stop()
	var count := [0]
	await until_so(func() -> bool:
		while client.get_available_packet_count() > 0:
			client.get_packet()
			count[0] += 1
		return client.get_ready_state() == CLOSED, "all is there", 15.0)
	expect_eq([count[0], client.get_close_code()], [40, 1000])


func test_when_the_server_stops_then_new_clients_are_turned_away() -> void:
	start()
	var there := url()
	host.stop()
	var client := TungstenWebSocketPeer.new()
	clients.append(client)
	expect_eq(client.connect_to_url(there), OK)
	await until_closed(client)
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_REFUSED)


func test_when_the_server_goes_away_then_its_clients_are_told() -> void:
	start()
	var client := await join()
	host = null
	await until_closed(client)
	expect_eq(client.get_close_code(), 1001)


func test_when_a_protocol_is_chosen_then_both_sides_know() -> void:
	start(["chat", "x"])
	var client := TungstenWebSocketPeer.new()
	client.supported_protocols = ["x", "chat"]
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_heard("client_connected")
	await until_so(func() -> bool: return client.get_ready_state() == OPEN)
	expect_eq(heard, [["client_connected", 1, "x", "/"]])
	expect_eq([client.get_selected_protocol(), peer().get_selected_protocol()], ["x", "x"])


func test_when_a_client_is_not_read_then_it_is_told_of_each_message_once() -> void:
	start()
	var client := await join()
	for index in 5:
		client.send_text(str(index))
	await until_heard("data_received", 5)
	await poll_on()
	expect_eq([times_heard("data_received"), peer().get_available_packet_count()], [5, 5])


func test_when_a_message_is_broadcast_then_all_get_it() -> void:
	start()
	var joined: Array[TungstenWebSocketPeer] = [await join(), await join(), await join()]
	expect_eq(host.broadcast_text("grün"), OK)
	expect_eq(host.broadcast(PackedByteArray([1, 2])), OK)
	expect_eq(host.broadcast("as text".to_utf8_buffer(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)
	for client in joined:
		await until_so(func() -> bool: return client.get_available_packet_count() == 3)
		var messages := [client.get_message(), client.get_message(), client.get_message()]
		expect_eq(messages, ["grün", PackedByteArray([1, 2]), "as text"])


func test_when_nobody_is_there_then_broadcasting_is_no_error() -> void:
	start()
	expect_eq(host.broadcast_text("hello?"), OK)
	expect_eq(host.broadcast(PackedByteArray([0xFF]), TungstenWebSocketPeer.WRITE_MODE_TEXT), ERR_INVALID_PARAMETER)


func test_when_many_join_at_once_then_all_are_in() -> void:
	start()
	for _index in 100:
		knock()
	await until_heard("client_connected", 100)
	expect_eq(host.get_peers().size(), 100)


func test_when_the_first_message_is_too_big_then_the_client_fails() -> void:
	prepare()
	host.max_message_size = 3
	expect_eq(host.listen(0), OK)
	var stream := await connected_stream()
	# The message comes with the request: the limit counts from the first byte.
	stream.put_data(request().to_ascii_buffer() + PackedByteArray([0x82, 0x84, 0, 0, 0, 0, 1, 2, 3, 4]))
	await until_heard("client_connected")
	await poll_on()
	stream.disconnect_from_host()
	await until_heard("client_disconnected")
	expect_eq(heard.slice(1), [["failed", 1, WebSocketError.KIND_MESSAGE_TOO_BIG], ["client_disconnected", 1, false]])


func test_when_a_client_is_silent_then_it_fails() -> void:
	prepare()
	host.heartbeat_interval = 0.05
	host.heartbeat_timeout = 0.05
	expect_eq(host.listen(0), OK)
	var stream := await connected_stream()
	stream.put_data(request().to_ascii_buffer())
	await until_heard("client_disconnected")
	expect_eq(heard.slice(1), [["failed", 1, WebSocketError.KIND_HEARTBEAT_TIMEOUT], ["client_disconnected", 1, false]])


func test_when_a_stranger_fails_then_nothing_is_told() -> void:
	start()
	var stream := await connected_stream()
	stream.put_data("GET / HTTP/1.1\r\n\r\n".to_ascii_buffer())
	expect_true((await answer_to(stream)).begins_with("HTTP/1.1 400 "))
	await poll_on()
	expect_eq(heard, [])
