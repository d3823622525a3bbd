extends "res://tests/multiplayer_suite.gd"
## What goes over the wire, byte by byte: an id in four bytes, then packets as they are.

const ID: Array[int] = [0x44, 0x33, 0x22, 0x11]
const ID_NUMBER := 0x11223344
const PollingValue := preload("res://tests/polling_value.gd")
## The server writes down each message with its size.
const HOLD := ["answer_close", "hold"]


func test_when_a_client_upgrades_then_the_first_message_is_its_id_in_four_bytes() -> void:
	for kind: String in [ENGINE, OURS]:
		serve(kind)
		var client := await join_raw()
		expect_eq(client.head.get_slice("\r\n", 0), "HTTP/1.1 101 Switching Protocols", kind)
		expect_eq(client.frames.size(), 1, kind)
		expect_eq([client.frames[0][0], client.frames[0][1].size()], [RawClient.BINARY, 4], kind)
		expect_eq(heard, [[SERVER, "in", client.frames[0][1].decode_s32(0)]], kind)
		forget()


func test_when_packets_are_sent_then_there_is_no_header() -> void:
	for kind: String in [ENGINE, OURS]:
		serve(kind)
		var client := await join_raw()
		expect_eq(put(SERVER, [1, 2, 3], raw_id(client)), OK)
		expect_eq(put(SERVER, [4]), OK)
		await until_so(func() -> bool: return client.frames.size() == 3, kind)
		expect_eq(client.payloads(RawClient.BINARY).slice(1), [PackedByteArray([1, 2, 3]), PackedByteArray([4])], kind)
		# A text is a packet too.
		client.send(RawClient.BINARY, [5, 6])
		client.send(RawClient.TEXT, "text".to_utf8_buffer())
		var id := raw_id(client)
		expect_eq(await packets_of(SERVER, 2), [[id, PackedByteArray([5, 6])], [id, "text".to_utf8_buffer()]], kind)
		forget()


func test_when_a_client_is_ours_then_it_asks_as_any_client_and_sends_packets_as_they_are() -> void:
	for kind: String in [ENGINE, OURS]:
		var counterpart := server(["upgrade", {"binary": ID}] + HOLD)
		var client := make_peer(kind, "C1")
		expect_eq(client.create_client(counterpart.url), OK)
		await until_heard(["C1", "in", 1])
		expect_eq(client.get_unique_id(), ID_NUMBER, "the lowest byte comes first")
		expect_eq([put("C1", [9]), put("C1", [8, 7], 12)], [OK, OK])
		var sizes := func() -> Array:
			return Testkit.named(counterpart.report(), "binary").map(func(message: Dictionary) -> int: return message["size"])
		await until_so(func() -> bool: return sizes.call().size() == 2, kind)
		expect_eq(sizes.call(), [1, 2], kind)
		forget()


func test_when_packets_follow_the_id_in_one_segment_then_they_come_after_the_signal() -> void:
	for kind: String in [ENGINE, OURS]:
		var counterpart := server(["cork", "upgrade", {"binary": ID}, {"binary": [7]}, {"text": "t"}, "uncork"] + HOLD)
		var client := make_peer(kind, "C1")
		var counts: Array[int] = []
		var id := client.get_instance_id()
		client.peer_connected.connect(func(_id: int) -> void: counts.append(instance_from_id(id).get_available_packet_count()))
		expect_eq(client.create_client(counterpart.url), OK)
		await until_heard(["C1", "in", 1])
		expect_eq(await packets_of("C1", 2), [[1, PackedByteArray([7])], [1, "t".to_utf8_buffer()]], kind)
		expect_eq(counts, [0], kind)
		forget()


func test_when_the_id_is_wrong_then_the_client_never_joins() -> void:
	# Too short, too long, zero, that of the server, negative.
	var firsts: Array[Array] = [[5, 0, 0], [5, 0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 128]]
	for kind: String in [ENGINE, OURS]:
		if kind == ENGINE:
			# By a packet that is no id, or by one whose id is none.
			expect_error("Invalid ID received from server", firsts.size())
		for first in firsts:
			var counterpart := server(["upgrade", {"binary": first}, {"binary": ID}] + HOLD)
			var client := make_peer(kind, "C1")
			expect_eq(client.create_client(counterpart.url), OK)
			await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, kind)
			await poll_on(5)
			expect_eq([heard, client.get_unique_id()], [[], 0], kind + str(first))
			forget()


func test_when_the_id_is_wrong_then_the_reason_is_kept() -> void:
	var counterpart := server(["upgrade", {"binary": [1, 0, 0, 0]}] + HOLD)
	var client := make_peer(OURS, "C1")
	expect_eq(client.create_client(counterpart.url), OK)
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED)
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_PROTOCOL_VIOLATION, client.get_last_error().get_message())


## The engine's class waits for ever.
func test_when_the_id_is_never_sent_then_the_client_gives_up() -> void:
	var counterpart := server(["upgrade"] + HOLD)
	var client := make_peer(OURS, "C1")
	client.handshake_timeout = 0.2
	expect_eq(client.create_client(counterpart.url), OK)
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it gives up", 10.0)
	expect_eq([heard, client.get_unique_id()], [[], 0])
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_HANDSHAKE_TIMEOUT, client.get_last_error().get_message())


func test_when_empty_messages_are_sent_then_they_are_packets() -> void:
	serve()
	await join("C1")
	expect_eq(put("C1", PackedByteArray()), OK, "the engine does not pass it on")
	expect_eq(peers["C1"].get_peer(1).send(PackedByteArray()), OK)
	expect_eq(put("C1", [1]), OK)
	expect_eq(peers[SERVER].get_peer(id_of("C1")).send(PackedByteArray()), OK)
	expect_eq(put(SERVER, [2]), OK)
	var nothing := PackedByteArray()
	expect_eq(await packets_of(SERVER, 2), [[id_of("C1"), nothing], [id_of("C1"), PackedByteArray([1])]])
	expect_eq(await packets_of("C1", 2), [[1, nothing], [1, PackedByteArray([2])]])


func test_when_ids_are_given_then_all_differ() -> void:
	serve()
	for number in 30:
		knock("C%d" % number)
	await until_so(func() -> bool: return heard.size() == 60, "all are in")
	var ids := {}
	for number in 30:
		ids[id_of("C%d" % number)] = true
	expect_eq([ids.size(), ids.has(0), ids.has(1)], [30, false, false])


func test_when_a_protocol_is_asked_for_then_it_is_that_of_the_session() -> void:
	for pair in PAIRS:
		var host := make_peer(pair[0], SERVER)
		host.supported_protocols = ["game.v2", "game.v1"]
		host.handshake_headers = ["X-Game: chess"]
		listen(host)
		var client := make_peer(pair[1], "C1")
		client.supported_protocols = ["game.v1"]
		expect_eq(client.create_client(url("ws") + "/any/path?x=1"), OK)
		await until_so(func() -> bool: return is_in("C1"), str(pair))
		expect_eq(client.get_peer(1).get_selected_protocol(), "game.v1", str(pair))
		if pair[1] == OURS:
			expect_true(client.get_peer(1).get_response_headers().has("X-Game: chess"), str(pair))
		forget()


## The engine's class knows no compression, so with it there is none.
func test_when_compression_is_on_then_packets_arrive_all_the_same() -> void:
	var packet := "position ".repeat(1000).to_utf8_buffer()
	for pair in PAIRS:
		for peer: MultiplayerPeer in [make_peer(pair[0], SERVER), make_peer(pair[1], "C1")]:
			if peer.get_class() == OURS:
				peer.compression = TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER
		listen(peers[SERVER])
		expect_eq(peers["C1"].create_client(url()), OK)
		await until_so(func() -> bool: return is_in("C1"), str(pair))
		expect_eq([put("C1", packet), put("C1", packet), put(SERVER, packet)], [OK, OK, OK])
		expect_eq(await packets_of(SERVER, 2), [[id_of("C1"), packet], [id_of("C1"), packet]], str(pair))
		expect_eq(await packets_of("C1"), [[1, packet]], str(pair))
		forget()


func test_when_an_object_that_is_being_read_uses_the_peer_then_the_rest_of_it_is_right() -> void:
	for reader: String in [SERVER, "C1"]:
		for what: Callable in [poll_all, func() -> void: peers[reader].close()]:
			serve()
			await join("C1")
			var value := PollingValue.large()
			expect_eq(peers["C1" if reader == SERVER else SERVER].put_var(value, true), OK)
			await until_so(func() -> bool: return peers[reader].get_available_packet_count() > 0, reader)
			PollingValue.on_set = what
			var read: PollingValue = peers[reader].get_var(true)
			PollingValue.on_set = Callable()
			expect_true(read.rest == value.rest, reader)
			forget()
