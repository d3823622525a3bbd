extends "res://tests/multiplayer_suite.gd"
## How sessions end, on both sides, and how [code]get_last_error()[/code] tells why.

const ID: Array[int] = [0x44, 0x33, 0x22, 0x11]


func test_when_the_server_closes_then_all_clients_are_told_1001() -> void:
	serve()
	var clients := [await join_raw(), await join_raw()]
	peers[SERVER].close()
	await until_so(func() -> bool: return clients.all(_got_1001), "1001")
	for client: RawClient in clients:
		client.send(RawClient.CLOSE, client.payloads(RawClient.CLOSE)[0])
	await until_so(func() -> bool: return clients.all(_has_ended), "the end of the streams")
	expect_eq(heard.filter(func(event: Array) -> bool: return event[1] == "out"), [])


func test_when_the_server_is_freed_then_all_clients_are_told_1001() -> void:
	serve()
	var clients := [await join_raw(), await join_raw()]
	peers.clear()
	await until_so(func() -> bool: return clients.all(_got_1001), "1001")


func test_when_the_server_closes_and_is_not_polled_then_all_clients_are_told_1001() -> void:
	var host := serve()
	var clients := [await join_raw(), await join_raw()]
	expect_eq(put(SERVER, [7]), OK)
	peers.clear()
	host.close()
	await until_so(func() -> bool: return clients.all(_got_1001), "1001")
	for client: RawClient in clients:
		expect_eq(client.payloads(RawClient.BINARY).slice(1), [PackedByteArray([7])] as Array[PackedByteArray])


func test_when_the_server_has_closed_then_nobody_comes_in() -> void:
	serve()
	peers[SERVER].close()
	var client := knock("C1")
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "refused")
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_REFUSED)


func test_when_a_client_is_turned_away_after_the_upgrade_then_the_error_says_why() -> void:
	for frame: Array in [[1008, "no cheaters"], [1013, "no new players now"], [4001, ""]]:
		var counterpart := server(["upgrade", {"close": frame}, "hold"])
		var client := make_peer(OURS, "C1")
		expect_eq(client.create_client(counterpart.url), OK)
		await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, str(frame))
		var error: WebSocketError = client.get_last_error()
		if error == null:
			fail("there is no error after %s" % [frame])
			continue
		expect_eq([error.phase, error.kind], [WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_TURNED_AWAY])
		expect_eq([error.close_code, error.close_reason], frame)
		expect_true(error.message.contains("%d \"%s\"" % frame), error.message)
		expect_eq([error.is_retryable(), error.http_status], [frame[0] == 1013, 0])
		forget()
	expect_eq(heard, [])


func test_when_a_client_closes_or_is_freed_then_the_server_is_told_1001() -> void:
	for is_freed: bool in [false, true]:
		var counterpart := server(["upgrade", {"binary": ID}, "answer_close", "hold"])
		var client := make_peer(OURS, "C1")
		expect_eq(client.create_client(counterpart.url), OK)
		await until_heard(["C1", "in", 1])
		if is_freed:
			peers.clear()
			client = null
		else:
			client.close()
		var closes := Testkit.named(await counterpart.wait_for("close"), "close")
		expect_eq([closes.size(), int(closes[0][0])], [1, 1001], "freed: %s" % is_freed)
		forget()


func test_when_somebody_is_disconnected_then_the_code_is_1000() -> void:
	serve()
	var client := await join_raw()
	peers[SERVER].disconnect_peer(raw_id(client))
	await until_so(func() -> bool: return client.close_code() == 1000, "1000")
	await until_heard([SERVER, "out", raw_id(client)])


func test_when_a_client_that_is_kicked_does_not_answer_then_its_stream_ends_after_the_timeout() -> void:
	var host := make_peer(OURS, SERVER)
	host.close_timeout = 0.2
	listen(host)
	var client := await join_raw()
	host.disconnect_peer(raw_id(client))
	await until_so(func() -> bool: return client.has_ended, "the end", 10.0)


func test_when_a_client_never_asks_for_an_upgrade_then_it_is_dropped() -> void:
	var host := make_peer(OURS, SERVER)
	host.handshake_timeout = 0.2
	listen(host)
	var silent := connect_raw()
	await until_so(func() -> bool: return silent.has_ended, "dropped", 10.0)
	expect_eq(heard, [])
	host.handshake_timeout = 10.0
	await join("C1")


func test_when_new_connections_are_refused_then_the_old_ones_stay() -> void:
	var host := serve()
	await join("C1")
	host.refuse_new_connections = true
	var late := knock("C2")
	await until_so(func() -> bool: return late.get_connection_status() == DISCONNECTED, "refused")
	expect_eq([heard_by("C2"), heard_by(SERVER).size()], [[], 1])
	expect_eq(put("C1", [1]), OK)
	await packets_of(SERVER)
	host.refuse_new_connections = false
	await join("C3")


func test_when_new_connections_are_refused_then_those_on_the_way_are_told_1013() -> void:
	var host := serve()
	var client := connect_raw()
	await until_so(func() -> bool: return client.is_connected_to_host(), "connected")
	await poll_on(5)
	host.refuse_new_connections = true
	client.upgrade()
	await until_so(func() -> bool: return client.close_code() == 1013, "1013")
	expect_eq([heard, client.payloads(RawClient.BINARY).size()], [[], 0])


func test_when_nothing_has_failed_then_there_is_no_error() -> void:
	var host := serve()
	var client := await join("C1")
	expect_true(client.get_last_error() == null and host.get_last_error() == null)
	client.disconnect_peer(1)
	await until_so(func() -> bool: return heard.size() == 4, "it has left")
	expect_true(client.get_last_error() == null and host.get_last_error() == null, "it has left in order")


func test_when_joining_fails_then_the_error_tells_why() -> void:
	var plain := server(["read_request", "rst"], {"may_violate": true})
	var refusing := server([{"respond": {"head": ["HTTP/1.1 403 Forbidden", "Content-Length: 0"]}}, "hold"])
	var stalling := server(["stall"])
	var failures := {
		"ws://127.0.0.1:%d" % testkit().closed_port(): WebSocketError.KIND_CONNECTION_REFUSED,
		refusing.url: WebSocketError.KIND_HTTP_STATUS,
		stalling.url: WebSocketError.KIND_HANDSHAKE_TIMEOUT,
		plain.url: WebSocketError.KIND_CONNECTION_LOST,
	}
	for address: String in failures:
		var client := make_peer(OURS, "C1")
		client.handshake_timeout = 0.3 if address == stalling.url else 10.0
		expect_eq(client.create_client(address), OK)
		await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, address)
		expect_eq([heard, client.get_last_error().get_kind()], [[], failures[address]], address)
		forget()


func test_when_a_client_gives_up_on_the_way_then_it_is_disconnected() -> void:
	for script: Array in [["stall"], ["upgrade", "hold"]]:
		var client := make_peer(OURS, "C1")
		client.close_timeout = 0.2
		expect_eq(client.create_client(server(script, {"may_violate": true}).url), OK)
		await poll_on(10)
		client.disconnect_peer(1)
		await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, str(script))
		expect_eq(heard, [])
		forget()


func test_when_the_connection_of_a_client_is_dropped_then_its_session_ends() -> void:
	var client := make_peer(OURS, "C1")
	expect_eq(client.create_client(server(["upgrade", {"binary": ID}, "hold"]).url), OK)
	await until_heard(["C1", "in", 1])
	client.get_peer(1).close(-1)
	await until_heard(["C1", "out", 1])
	expect_eq(client.get_connection_status(), DISCONNECTED)


func test_when_the_network_breaks_then_both_sides_know_why() -> void:
	var host := serve()
	var client := await join_raw()
	var id := raw_id(client)
	client.stream.disconnect_from_host()
	await until_heard([SERVER, "out", id])
	expect_eq(host.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_LOST)
	var counterpart := server(["upgrade", {"binary": ID}, "rst"])
	var lone := make_peer(OURS, "C1")
	expect_eq(lone.create_client(counterpart.url), OK)
	await until_heard(["C1", "out", 1])
	expect_eq(lone.get_last_error().get_kind(), WebSocketError.KIND_CONNECTION_LOST)
	expect_eq(heard_by("C1"), [["C1", "in", 1], ["C1", "out", 1]])


func test_when_a_session_begins_then_the_error_of_the_last_one_is_forgotten() -> void:
	var client := make_peer(OURS, "C1")
	expect_eq(client.create_client("ws://127.0.0.1:%d" % testkit().closed_port()), OK)
	await until_so(func() -> bool: return client.get_last_error() != null, "it has failed")
	serve()
	expect_eq(client.create_client(url()), OK)
	await until_so(func() -> bool: return is_in("C1"), "in")
	expect_true(client.get_last_error() == null)


func test_when_a_client_is_silent_then_the_heartbeat_drops_it() -> void:
	var host := make_peer(OURS, SERVER)
	host.heartbeat_interval = 0.05
	# The one that answers has so much time for it.
	host.heartbeat_timeout = 1.5
	listen(host)
	await join("C1")
	var silent := await join_raw()
	await until_heard([SERVER, "out", raw_id(silent)], 10.0)
	expect_true(silent.payloads(RawClient.PING).size() > 0, "pings")
	expect_eq(host.get_last_error().get_kind(), WebSocketError.KIND_HEARTBEAT_TIMEOUT)
	expect_true(host.get_peer(id_of("C1")).get_round_trip_time() > 0.0, "the round-trip time of one that answers")


func test_when_the_server_is_silent_then_the_heartbeat_ends_the_session() -> void:
	var counterpart := server(["upgrade", {"binary": ID}, "mute", "hold"])
	var client := make_peer(OURS, "C1")
	client.heartbeat_interval = 0.05
	client.heartbeat_timeout = 0.1
	expect_eq(client.create_client(counterpart.url), OK)
	await until_heard(["C1", "out", 1], 10.0)
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_HEARTBEAT_TIMEOUT)


func _got_1001(client: RawClient) -> bool:
	return client.close_code() == 1001


func _has_ended(client: RawClient) -> bool:
	return client.has_ended


func test_when_the_session_ends_then_packets_that_were_not_read_stay_readable() -> void:
	serve()
	var client := await join("C1")
	for number in 3:
		expect_eq(put(SERVER, [number]), OK)
	peers[SERVER].close()
	await until_so(func() -> bool: return client.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(take_all("C1").map(func(packet: Array) -> int: return packet[1][0]), [0, 1, 2])
	expect_eq([client.get_available_packet_count(), client.get_packet(), client.get_packet_error()], [0, PackedByteArray(), ERR_UNCONFIGURED])
