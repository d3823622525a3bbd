extends "res://tests/server_suite.gd"
## Clients that break the rules, and those that say nothing: the others do not notice.


## F1
func test_when_a_request_is_bad_then_the_answer_says_why_and_the_server_goes_on() -> void:
	start()
	var good := request()
	var bad := {
		request("POST"): 405,
		good.replace("Sec-WebSocket-Key: %s\r\n" % KEY, ""): 400,
		good.replace("Version: 13", "Version: 8"): 426,
		good.replace("Upgrade: websocket\r\n", ""): 426,
		"nonsense\r\n\r\n": 400,
		request("GET", ["X: " + "a".repeat(20_000)]): 431,
	}
	for text: String in bad:
		var stream := await connected_stream()
		stream.put_data(text.to_ascii_buffer())
		var answer := await answer_to(stream)
		expect_true(answer.begins_with("HTTP/1.1 %d " % bad[text]), answer)
		if text.contains("Version: 8"):
			expect_true(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), answer)
	expect_eq(heard, [])
	await join()


func test_when_the_target_is_a_whole_url_then_its_path_decides() -> void:
	start()
	var seen: Array[String] = []
	host.request_filter = func(target: String, _headers: PackedStringArray, _address: String) -> int:
		seen.append(target)
		return 403
	var stream := await connected_stream()
	stream.put_data(request().replace("GET /", "GET http://127.0.0.1/forbidden").to_ascii_buffer())
	expect_true((await answer_to(stream)).begins_with("HTTP/1.1 403 "))
	expect_eq([seen, heard], [["/forbidden"], []])

	host.request_filter = Callable()
	stream = await connected_stream()
	stream.put_data(request().replace("GET /", "GET http://127.0.0.1/allowed?x=1").to_ascii_buffer())
	await until_heard("client_connected")
	expect_eq(heard[-1].back(), "/allowed?x=1")
	expect_eq(peer().get_requested_url(), "ws://127.0.0.1/allowed?x=1")


## F4
func test_when_a_frame_is_bad_then_the_close_code_says_why_and_the_others_stay() -> void:
	start()
	var witness := await join()
	var bad := {
		PackedByteArray([0x81, 0x01, 0x61]): 1002,
		PackedByteArray([0xC1, 0x80, 0, 0, 0, 0]): 1002,
		PackedByteArray([0x83, 0x80, 0, 0, 0, 0]): 1002,
		PackedByteArray([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED]): 1002,
		PackedByteArray([0x81, 0x81, 0, 0, 0, 0, 0xFF]): 1007,
	}
	var count := 0
	for frame: PackedByteArray in bad:
		count += 1
		var stream := await connected_stream()
		stream.put_data(request().to_ascii_buffer())
		await answer_to(stream)
		await until_heard("client_connected", count + 1)
		stream.put_data(frame)
		var received := [PackedByteArray()]
		await until_so(func() -> bool:
			received[0] = received[0] + read_from(stream)
			return received[0].size() >= 4, "a close frame")
		expect_eq([received[0][0], received[0].slice(2, 4)], [0x88, PackedByteArray([bad[frame] >> 8, bad[frame] & 255])])
		stream.disconnect_from_host()
		await until_heard("client_disconnected", count)
		expect_eq(heard[-1], ["client_disconnected", count + 1, false])
	witness.send_text("still here")
	await until_heard("data_received")
	expect_eq(heard[-1], ["data_received", 1])


## C7
func test_when_many_send_half_a_request_then_each_gets_408_and_the_others_are_served() -> void:
	start()
	# Room for all of them to come.
	host.handshake_timeout = 4.0
	var streams: Array[StreamPeerTCP] = []
	for _index in 500:
		var stream := StreamPeerTCP.new()
		expect_eq(stream.connect_to_host("127.0.0.1", host.get_local_port()), OK)
		streams.append(stream)
	var waiting := streams.duplicate()
	await until_so(func() -> bool: return _take_out(waiting, _send_half), "all have sent half a request", 10.0)
	var client := await join()
	client.send_text("served")
	await until_heard("data_received")
	var statuses := {}
	await until_so(func() -> bool: return _take_out(streams, _note_answer.bind(statuses)), "all have an answer", 10.0)
	expect_eq(statuses, {"HTTP/1.1 408": 500})
	expect_eq(names_heard(), ["client_connected", "data_received"])
	await join()


func test_when_a_client_says_nothing_then_it_is_dropped_after_the_timeout() -> void:
	start()
	host.handshake_timeout = 0.3
	var stream := await connected_stream()
	var started := Time.get_ticks_msec()
	await answer_to(stream)
	expect_true(Time.get_ticks_msec() - started >= 200, "not before the timeout")
	await poll_on()
	expect_eq(heard, [])


func test_when_a_client_goes_away_before_it_is_in_then_nothing_is_heard() -> void:
	start()
	var stream := await connected_stream()
	stream.put_data(request().left(70).to_ascii_buffer())
	await poll_on(5)
	stream.disconnect_from_host()
	await poll_on()
	expect_eq(heard, [])
	await join()


## Takes out the streams for which this says so. Whether none is left.
func _take_out(streams: Array[StreamPeerTCP], is_done: Callable) -> bool:
	for index in range(streams.size() - 1, -1, -1):
		if is_done.call(streams[index]):
			streams.remove_at(index)
	return streams.is_empty()


func _send_half(stream: StreamPeerTCP) -> bool:
	stream.poll()
	if stream.get_status() != StreamPeerTCP.STATUS_CONNECTED:
		return false
	return stream.put_data(request().left(70).to_ascii_buffer()) == OK


func _note_answer(stream: StreamPeerTCP, statuses: Dictionary) -> bool:
	var status := read_from(stream).get_string_from_ascii().left(12)
	if status.is_empty():
		return false
	statuses[status] = statuses.get(status, 0) + 1
	return true
