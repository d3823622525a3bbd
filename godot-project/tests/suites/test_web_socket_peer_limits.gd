extends "res://tests/peer_suite.gd"
## Sizes and limits.


## B1
func test_when_a_small_and_a_large_message_come_then_both_arrive_with_all_defaults() -> void:
	var peer := await opened(server(["upgrade", {"text": "small"}, {"fill": {"kind": "text", "size": 100_000}}, "echo"]).url)
	expect_eq(await next_packet(peer), "small")
	expect_eq(await next_packet(peer), "a".repeat(100_000))


## B2
func test_when_large_messages_are_sent_then_they_arrive_with_all_defaults() -> void:
	var counterpart := server(["upgrade", {"expect": 2}, "hold"])
	var peer := await opened(counterpart.url)
	for size: int in [70_000, 10 * 1024 * 1024]:
		var message := PackedByteArray()
		message.resize(size)
		expect_eq(peer.send(message), OK, "%d bytes" % size)
		await until(func() -> bool:
			peer.poll()
			return peer.get_current_outbound_buffered_amount() == 0)
	var sizes := []
	for digest: Dictionary in Testkit.named(await counterpart.wait_for("binary", 10.0, 2), "binary"):
		sizes.append(int(digest["size"]))
	expect_eq(sizes, [70_000, 10 * 1024 * 1024])


## B3
func test_when_a_message_is_over_the_limit_then_earlier_ones_are_read_and_1009_is_sent() -> void:
	var large := {"fill": {"kind": "binary", "size": 1001}}
	await _expect_too_big(["upgrade", {"text": "small"}, large, "hold"])


## B3
func test_when_fragments_add_up_to_more_than_the_limit_then_1009_is_sent() -> void:
	var start := {"fragment": {"opcode": 2, "fin": false, "payload": "x".repeat(600)}}
	var end := {"fragment": {"opcode": 0, "fin": true, "payload": "x".repeat(401)}}
	await _expect_too_big(["upgrade", {"text": "small"}, start, end, "hold"])


## B4
func test_when_the_limit_is_raised_while_open_then_it_is_in_force() -> void:
	var counterpart := server(["upgrade", {"wait": "go"}, {"fill": {"kind": "text", "size": 2000}}, "echo"])
	var peer := TungstenWebSocketPeer.new()
	peer.max_message_size = 1000
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	await until_state(peer, OPEN)
	peer.max_message_size = 2000
	counterpart.release("go")
	expect_eq(await next_packet(peer), "a".repeat(2000))


func test_when_the_outbound_mark_is_reached_then_send_reports_out_of_memory_until_there_is_room() -> void:
	# The server reads nothing until it is told to, so that what the system does not buffer waits here.
	var counterpart := server(["upgrade", {"wait": "go"}, "hold"])
	var peer := await opened(counterpart.url)
	var message := PackedByteArray()
	message.resize(1024 * 1024)
	var error := OK
	var accepted := 0
	while error == OK and accepted < 100:
		error = peer.send(message)
		accepted += int(error == OK)
	expect_eq(error, ERR_OUT_OF_MEMORY)
	expect_eq(peer.put_packet(message), ERR_OUT_OF_MEMORY)
	expect_eq(peer.get_ready_state(), OPEN)
	expect_true(peer.get_current_outbound_buffered_amount() >= peer.outbound_buffer_size)
	counterpart.release("go")
	await until(func() -> bool:
		peer.poll()
		return peer.get_current_outbound_buffered_amount() == 0)
	expect_eq(peer.send_text("room"), OK)
	var events := await counterpart.wait_for("text")
	expect_eq(Testkit.named(events, "binary").size(), accepted)


func test_when_the_outbound_mark_is_raised_while_open_then_it_is_in_force() -> void:
	var peer := await opened(server(["upgrade", {"wait": "never"}]).url)
	var message := PackedByteArray()
	message.resize(1024 * 1024)
	var refused := false
	for _attempt in 100:
		refused = refused or peer.send(message) == ERR_OUT_OF_MEMORY
	expect_true(refused)
	peer.outbound_buffer_size = 0
	expect_eq(peer.send(message), OK, "0 sets no bound")
	peer.close(-1)


func test_when_packets_are_not_read_then_reading_pauses_and_nothing_is_lost() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.max_queued_packets = 10
	var fill := {"fill": {"kind": "binary", "size": 10, "count": 1000}}
	expect_eq(peer.connect_to_url(server(["upgrade", fill, "echo"]).url), OK)
	await until(func() -> bool:
		peer.poll()
		return peer.get_available_packet_count() > 0)
	for _frame in 20:
		peer.poll()
		expect_true(peer.get_available_packet_count() <= 10, "at most ten wait")
		await get_tree().process_frame
	var count := [0]
	await until(func() -> bool:
		peer.poll()
		while peer.get_available_packet_count() > 0:
			peer.get_packet()
			count[0] += 1
		return count[0] == 1000)
	expect_eq(count, [1000])


func _expect_too_big(script: Array) -> void:
	var counterpart := server(script)
	var peer := TungstenWebSocketPeer.new()
	peer.max_message_size = 1000
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	expect_eq(await packets_until_closed(peer), ["small"])
	expect_eq(peer.get_close_code(), 1009)
	var error := peer.get_last_error()
	expect_eq(error.get_kind(), WebSocketError.KIND_MESSAGE_TOO_BIG)
	expect_true(error.get_message().contains("1001") and error.get_message().contains("1000"), error.get_message())
	expect_eq(Testkit.named(await counterpart.wait_for("close"), "close")[0][0], 1009)
