extends "res://tests/multiplayer_suite.gd"
## What happens when somebody does not read: sending is refused, memory is bounded, and nothing is lost.

const ID: Array[int] = [0x44, 0x33, 0x22, 0x11]
const SIZE := 60_000
## More than any system takes in for somebody who does not read.
const ENDLESS := 5_000
## Packets of all peers that wait to be read, besides those that each connection may have waiting.
const INBOX := 1 << 20
## Packets without a byte take memory too.
const EMPTY_MAX := 100_000


func test_when_a_client_does_not_read_then_the_server_is_refused_and_what_was_accepted_arrives() -> void:
	serve()
	var client := await join_raw()
	var accepted := _fill(SERVER, raw_id(client))
	expect_eq(put(SERVER, _packet(0), raw_id(client)), ERR_OUT_OF_MEMORY)
	expect_eq(put(SERVER, _packet(0), 0), ERR_OUT_OF_MEMORY, "to all, who are one")
	await until_so(func() -> bool: return client.frames.size() > accepted, "all that was accepted")
	await poll_on()
	expect_eq(_numbers(client.payloads(RawClient.BINARY).slice(1)), range(accepted))
	expect_eq(heard.size(), 1, "it is still in")


func test_when_the_server_does_not_read_then_a_client_is_refused() -> void:
	var counterpart := server(["upgrade", {"binary": ID}, {"wait": "read"}, "answer_close", "hold"])
	var client := make_peer(OURS, "C1")
	expect_eq(client.create_client(counterpart.url), OK)
	await until_heard(["C1", "in", 1])
	var accepted := _fill("C1", 1)
	expect_eq(put("C1", _packet(0)), ERR_OUT_OF_MEMORY)
	counterpart.release("read")
	var arrived := func() -> int: return Testkit.named(counterpart.report(), "binary").size()
	await until_so(func() -> bool: return client.get_peer(1).get_current_outbound_buffered_amount() == 0, "sent")
	await until_so(func() -> bool: return arrived.call() == accepted, "arrived")


func test_when_one_client_does_not_read_then_the_others_get_what_is_for_all() -> void:
	serve()
	await join("C1")
	var slow := await join_raw()
	_fill(SERVER, raw_id(slow))
	expect_eq(put(SERVER, [7]), ERR_OUT_OF_MEMORY, "it does not reach all")
	expect_eq(await packets_of("C1"), [[1, PackedByteArray([7])]])
	expect_eq(put(SERVER, [8], -raw_id(slow)), OK, "all but that one")
	expect_eq(await packets_of("C1"), [[1, PackedByteArray([8])]])


func test_when_the_game_reads_nothing_then_memory_is_bounded_and_nothing_is_lost() -> void:
	var host := serve()
	host.inbound_buffer_size = 65535
	host.heartbeat_interval = 0.05
	host.heartbeat_timeout = 0.1
	for number in 4:
		await join("C%d" % number)
	var accepted := {}
	for number in 4:
		accepted[number] = _fill("C%d" % number, 1)
	# Many heartbeats later.
	var deadline := Time.get_ticks_msec() + 500
	await until_so(func() -> bool: return Time.get_ticks_msec() > deadline)
	var waiting := host.get_available_packet_count() * SIZE
	expect_true(waiting > INBOX / 2 and waiting <= INBOX + SIZE, "%d bytes wait" % waiting)
	expect_eq(heard.size(), 8, "nobody is lost")
	var numbers := {}
	var total: int = accepted.values().reduce(func(sum: int, count: int) -> int: return sum + count)
	var read := [0]
	await until_so(func() -> bool:
		for packet in take_all(SERVER):
			numbers.get_or_add(packet[0], []).append(packet[1].decode_u32(0))
			read[0] += 1
		return read[0] == total, "all packets", 10.0)
	for number in 4:
		expect_eq(numbers[id_of("C%d" % number)], range(accepted[number]))


func test_when_a_client_reads_nothing_then_memory_is_bounded_and_nothing_is_lost() -> void:
	serve()
	var client := await join("C1")
	var accepted := _fill(SERVER, id_of("C1"))
	await until_so(func() -> bool: return client.get_available_packet_count() * SIZE > INBOX, "no room")
	await poll_on()
	var waiting := client.get_available_packet_count() * SIZE
	expect_true(waiting <= INBOX + SIZE, "%d bytes wait" % waiting)
	var numbers := []
	await until_so(func() -> bool:
		for packet in take_all("C1"):
			numbers.append(packet[1].decode_u32(0))
		return numbers.size() == accepted, "all packets")
	expect_eq(numbers, range(accepted))


func test_when_one_client_floods_then_the_others_are_heard() -> void:
	serve()
	await join("C1")
	await join("C2")
	_fill("C1", 1)
	expect_eq(put("C2", [7]), OK)
	var heard_c2 := [false]
	var reads := [0]
	# The game reads one packet in each frame, and the flood goes on.
	await until_so(func() -> bool:
		put("C1", _packet(0), 1)
		if peers[SERVER].get_available_packet_count() > 0:
			reads[0] += 1
			heard_c2[0] = peers[SERVER].get_packet_peer() == id_of("C2")
			peers[SERVER].get_packet()
		return heard_c2[0], "the packet of the other one")
	expect_true(reads[0] < 4 * INBOX / SIZE, "%d packets came first" % reads[0])


func test_when_empty_packets_are_not_read_then_their_number_is_bounded() -> void:
	serve()
	var client := await join_raw()
	var many := PackedByteArray()
	for _index in 10_000:
		many.append_array(RawClient.frame(RawClient.BINARY, PackedByteArray()))
	for _round in 60:
		client.stream.put_partial_data(many)
		await poll_on(1)
	var waiting: int = peers[SERVER].get_available_packet_count()
	expect_true(waiting < EMPTY_MAX, "%d packets wait" % waiting)


func test_when_there_is_no_room_then_what_comes_waits_and_is_not_forgotten() -> void:
	var host := serve()
	await join("C1")
	await join("C2")
	_fill("C1", 1)
	await until_so(func() -> bool: return host.get_available_packet_count() * SIZE > INBOX, "no room")
	# The only packet of this client: nothing else of it will come to remind the server.
	expect_eq(put("C2", [7]), OK)
	await poll_on()
	var last := []
	await until_so(func() -> bool:
		for packet in take_all(SERVER):
			if packet[0] == id_of("C2"):
				last.append(packet[1])
		return not last.is_empty(), "the packet that waited")
	expect_eq(last, [PackedByteArray([7])])


func test_when_there_is_no_room_then_the_end_of_a_client_comes_after_its_packets() -> void:
	var host := serve()
	await join("C1")
	await join("C2")
	_fill("C1", 1)
	await until_so(func() -> bool: return host.get_available_packet_count() * SIZE > INBOX, "no room")
	var id := id_of("C2")
	expect_eq(put("C2", [7]), OK)
	peers["C2"].disconnect_peer(1)
	await poll_on()
	expect_true(not heard.has([SERVER, "out", id]), "its packet was not read")
	var events := []
	await until_so(func() -> bool:
		for packet in take_all(SERVER):
			if packet[0] == id:
				events.append("packet")
		if heard.has([SERVER, "out", id]):
			events.append("out")
		return events.has("out"), "its end")
	expect_eq(events, ["packet", "out"])


func test_when_a_packet_is_large_then_it_arrives() -> void:
	serve()
	await join("C1")
	var large := PackedByteArray()
	large.resize(2_000_000)
	large[1_999_999] = 5
	for who: String in [SERVER, "C1"]:
		expect_eq(put(who, large), OK)
		var packets := await packets_of("C1" if who == SERVER else SERVER)
		expect_true(packets.size() == 1 and packets[0][1] == large, "from " + who)


func test_when_a_packet_is_larger_than_allowed_then_that_client_is_lost_and_the_reason_is_kept() -> void:
	var host := make_peer(OURS, SERVER)
	host.max_message_size = 1000
	listen(host)
	var other := await join("C1")
	var client := await join_raw()
	var id := raw_id(client)
	var too_big := PackedByteArray()
	too_big.resize(1001)
	client.send(RawClient.BINARY, too_big)
	await until_heard([SERVER, "out", id])
	await until_so(func() -> bool: return client.close_code() == 1009, "the close frame")
	expect_eq(host.get_last_error().get_kind(), WebSocketError.KIND_MESSAGE_TOO_BIG, host.get_last_error().get_message())
	expect_eq(other.get_connection_status(), CONNECTED)


func test_when_the_buffers_are_set_then_they_are_those_of_the_connections_to_come() -> void:
	var host := serve()
	await join("C1")
	host.outbound_buffer_size = 1000
	host.max_queued_packets = 10
	host.close_timeout = 1.5
	await join("C2")
	var old: TungstenWebSocketPeer = host.get_peer(id_of("C1"))
	var young: TungstenWebSocketPeer = host.get_peer(id_of("C2"))
	expect_eq([old.outbound_buffer_size, old.max_queued_packets, old.close_timeout], [65535, 4096, 5.0])
	expect_eq([young.outbound_buffer_size, young.max_queued_packets, young.close_timeout], [1000, 10, 1.5])


## Sends numbered packets until that is refused, and returns how many were accepted. Nobody is polled meanwhile.
func _fill(who: String, target: int) -> int:
	for number in ENDLESS:
		if put(who, _packet(number), target) != OK:
			return number
	fail("%s is never refused" % who)
	return 0


func _packet(number: int) -> PackedByteArray:
	var packet := PackedByteArray()
	packet.resize(SIZE)
	packet.encode_u32(0, number)
	return packet


func _numbers(packets: Array[PackedByteArray]) -> Array:
	return packets.map(func(packet: PackedByteArray) -> int: return packet.decode_u32(0))
