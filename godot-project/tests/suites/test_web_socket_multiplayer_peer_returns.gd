extends "res://tests/multiplayer_suite.gd"
## What calls return, in every state; alike in both classes, except that the engine's reports more refusals as errors.

const KINDS: Array[String] = [ENGINE, OURS]
const PACKET: PackedByteArray = [1, 2, 3]


func test_when_it_is_new_then_it_is_disconnected() -> void:
	for kind in KINDS:
		var peer := make_peer(kind)
		expect_eq([peer.get_connection_status(), peer.get_unique_id()], [DISCONNECTED, 0], kind)
		expect_eq([peer.get_available_packet_count(), peer.get_packet_error()], [0, OK], kind)
		expect_eq([peer.get_packet_channel(), peer.get_packet_mode()], [0, MultiplayerPeer.TRANSFER_MODE_RELIABLE], kind)
		expect_eq([peer.transfer_channel, peer.transfer_mode], [0, MultiplayerPeer.TRANSFER_MODE_RELIABLE], kind)
		expect_eq([peer.is_server_relay_supported(), peer.refuse_new_connections], [true, false], kind)
		peer.poll()
		peer.close()
		expect_eq(peer.get_connection_status(), DISCONNECTED, kind)


func test_when_it_is_disconnected_then_packets_are_refused() -> void:
	for kind in KINDS:
		var peer := make_peer(kind)
		# The engine's says so twice: to put_packet and to get_packet.
		_expect_printed(kind, "\"get_connection_status() != CONNECTION_CONNECTED\" is true. Returning: ERR_UNCONFIGURED", 2)
		expect_eq(peer.put_packet(PACKET), ERR_UNCONFIGURED, kind)
		expect_eq(peer.put_packet(PackedByteArray()), OK, "nothing never reaches a peer")
		expect_eq([peer.get_packet(), peer.get_packet_error()], [PackedByteArray(), ERR_UNCONFIGURED], kind)
		_expect_printed(kind, "\"incoming_packets.is_empty()\" is true. Returning: 1")
		expect_eq(peer.get_packet_peer(), 1, kind)


func test_when_a_client_is_made_with_what_makes_no_sense_then_that_is_refused() -> void:
	for kind in KINDS:
		var peer := make_peer(kind)
		expect_error("\"p_url.is_empty()\" is true" if kind == ENGINE else "the URL is empty")
		expect_error("Invalid protocol: \"http://\"" if kind == ENGINE else "its scheme is http")
		expect_error("p_options.is_valid() && p_options->is_server()" if kind == ENGINE else "the TLSOptions are those of a server")
		expect_eq(peer.create_client(""), ERR_INVALID_PARAMETER, kind)
		expect_eq(peer.create_client("http://127.0.0.1"), ERR_INVALID_PARAMETER, kind)
		expect_eq(peer.create_client("ws://127.0.0.1", identity()), ERR_INVALID_PARAMETER, kind)
		expect_eq([peer.get_connection_status(), peer.get_unique_id()], [DISCONNECTED, 0], kind)


func test_when_a_server_is_made_with_what_makes_no_sense_then_that_is_refused() -> void:
	var taken := TCPServer.new()
	expect_eq(taken.listen(0, "127.0.0.1"), OK)
	for kind in KINDS:
		var peer := make_peer(kind)
		expect_error("p_options.is_valid() && !p_options->is_server()" if kind == ENGINE else "the TLSOptions are those of a client")
		_expect_printed(kind, "Invalid IPv4 address: no address")
		_expect_printed(kind, "!p_bind_address.is_valid()")
		var free_port := testkit().closed_port()
		expect_eq(peer.create_server(free_port, "no address"), ERR_INVALID_PARAMETER, kind)
		expect_eq(peer.create_server(free_port, "127.0.0.1", TLSOptions.client()), ERR_INVALID_PARAMETER, kind)
		expect_eq(peer.create_server(taken.get_local_port(), "127.0.0.1"), ERR_ALREADY_IN_USE, kind)
		expect_eq([peer.get_connection_status(), peer.get_unique_id()], [DISCONNECTED, 0], kind)
		expect_eq(peer.create_server(free_port, "127.0.0.1"), OK, kind + " after all that")


func test_when_the_port_is_no_port_then_no_server_is_made() -> void:
	for number: int in [-1, 65536]:
		expect_error("create_server: %d is no port" % number)
		expect_eq(make_peer(OURS).create_server(number, "127.0.0.1"), ERR_INVALID_PARAMETER)


func test_when_settings_make_no_sense_then_nothing_is_made() -> void:
	var complaints := {
		"supported_protocols": "the sub-protocol \"a\\r\\nb\" cannot be requested",
		"handshake_headers": "the header \"a\\r\\nb\" cannot be sent",
	}
	for property: String in complaints:
		expect_error("WebSocketMultiplayerPeer.create_server: " + complaints[property])
		expect_error("WebSocketMultiplayerPeer.create_client: " + complaints[property])
		var peer := make_peer(OURS)
		peer.set(property, PackedStringArray(["a\r\nb"]))
		expect_eq(peer.create_server(0, "127.0.0.1"), ERR_INVALID_PARAMETER, property)
		expect_eq(peer.create_client("ws://127.0.0.1:%d" % testkit().closed_port()), ERR_INVALID_PARAMETER, property)
		expect_eq(peer.get_connection_status(), DISCONNECTED, property)


func test_when_the_address_to_listen_on_is_given_then_clients_come_in_there() -> void:
	var hosts := {"*": ["127.0.0.1", "[::1]"], "::1": ["[::1]"], "127.0.0.1": ["127.0.0.1"]}
	for address: String in hosts:
		var host := make_peer(OURS, SERVER)
		expect_eq(host.create_server(0) if address == "*" else host.create_server(0, address), OK, address)
		port = host.get_local_port()
		for loopback: String in hosts[address]:
			var client := make_peer(OURS, loopback)
			expect_eq(client.create_client(url("ws", loopback)), OK)
			await until_so(func() -> bool: return is_in(loopback), address)
			var seen := "127.0.0.1" if loopback == "127.0.0.1" else "0:0:0:0:0:0:0:1"
			expect_eq(host.get_peer_address(client.get_unique_id()), seen, address)
		forget()


func test_when_it_is_in_use_then_it_is_not_made_again() -> void:
	for kind in KINDS:
		serve(kind)
		knock("C1", kind)
		_expect_printed(kind, "\"get_connection_status() != CONNECTION_DISCONNECTED\" is true", 4)
		for who: String in ["S", "C1"]:
			expect_eq(peers[who].create_client(url()), ERR_ALREADY_IN_USE, kind + who)
			expect_eq(peers[who].create_server(testkit().closed_port(), "127.0.0.1"), ERR_ALREADY_IN_USE, kind + who)
		await until_so(func() -> bool: return is_in("C1"), "neither has minded")
		forget()


func test_when_a_server_listens_then_it_is_connected_and_sends_only_to_whom_it_knows() -> void:
	for kind in KINDS:
		var server_peer := serve(kind)
		expect_eq([server_peer.get_connection_status(), server_peer.get_unique_id()], [CONNECTED, 1], kind)
		_expect_printed(kind, "Peer not found: 77")
		_expect_printed(kind, "Peer not found: 1")
		expect_eq(put(SERVER, PACKET, 77), ERR_INVALID_PARAMETER, "to somebody unknown")
		expect_eq(put(SERVER, PACKET, 1), ERR_INVALID_PARAMETER, "to itself")
		expect_eq(put(SERVER, PACKET, 0), OK, "to nobody")
		expect_eq(put(SERVER, PACKET, -77), OK, "to all but somebody unknown")
		_expect_printed(kind, "\"incoming_packets.is_empty()\" is true. Returning: ERR_UNAVAILABLE")
		expect_eq([server_peer.get_packet(), server_peer.get_packet_error()], [PackedByteArray(), ERR_UNAVAILABLE], kind)
		forget()


func test_when_a_peer_is_unknown_then_there_is_nothing_to_tell_of_it() -> void:
	# The engine's: of get_peer, get_peer_address, get_peer_port, and of disconnect_peer twice.
	expect_error("\"!peers_map.has(p_id)\" is true")
	expect_error("\"!peers_map.has(p_peer_id)\" is true", 4)
	expect_error("disconnect_peer: there is no peer 77", 2)
	for kind in KINDS:
		var server_peer := serve(kind)
		expect_true(server_peer.get_peer(77) == null, kind)
		expect_eq([server_peer.get_peer_address(77), server_peer.get_peer_port(77)], ["", 0], kind)
		server_peer.disconnect_peer(77)
		server_peer.disconnect_peer(77, true)
		expect_eq(server_peer.get_connection_status(), CONNECTED, kind)
		forget()


func test_when_a_client_connects_then_it_has_no_id_and_sends_nothing_yet() -> void:
	for kind in KINDS:
		serve(kind)
		var client := knock("C1", kind)
		expect_eq([client.get_connection_status(), client.get_unique_id()], [CONNECTING, 0], kind)
		expect_true(client.get_peer(1) != null, "the connection is there, " + kind)
		_expect_printed(kind, "\"get_connection_status() != CONNECTION_CONNECTED\" is true")
		expect_eq(put("C1", PACKET), ERR_UNCONFIGURED, kind)
		client.close()
		expect_eq([client.get_connection_status(), client.get_unique_id(), heard], [DISCONNECTED, 0, []], kind)
		forget()


func test_when_a_client_is_in_then_both_know_each_other() -> void:
	for kind in KINDS:
		serve(kind)
		var client := await join("C1", kind)
		var id := client.get_unique_id()
		expect_eq(client.get_connection_status(), CONNECTED, kind)
		expect_true(id >= 2 and id <= 0x7fff_ffff, "%s: the id %d" % [kind, id])
		expect_eq(peers[SERVER].get_peer_address(id), "127.0.0.1", kind)
		expect_eq(peers[SERVER].get_peer_port(id) > 0, true, kind)
		expect_eq([client.get_peer_address(1), client.get_peer_port(1)], ["127.0.0.1", port], kind)
		expect_eq(peers[SERVER].get_peer(id).get_ready_state(), WebSocketPeer.STATE_OPEN, kind)
		expect_eq(client.get_peer(1).get_ready_state(), WebSocketPeer.STATE_OPEN, kind)
		expect_eq(heard.size(), 2, str(heard))
		forget()


func test_when_a_packet_has_a_target_then_only_those_get_it() -> void:
	for pair in PAIRS:
		serve(pair[0])
		for who: String in ["C1", "C2", "C3"]:
			await join(who, pair[1])
		expect_eq(put(SERVER, [0], 0), OK)
		expect_eq(put(SERVER, [1], id_of("C1")), OK)
		expect_eq(put(SERVER, [2], -id_of("C2")), OK)
		expect_eq([await packets_of("C1", 3), await packets_of("C2", 1), await packets_of("C3", 2)], [
			[[1, PackedByteArray([0])], [1, PackedByteArray([1])], [1, PackedByteArray([2])]],
			[[1, PackedByteArray([0])]],
			[[1, PackedByteArray([0])], [1, PackedByteArray([2])]],
		], str(pair))
		# A client has nobody else to send to.
		expect_eq(put("C1", [3], id_of("C2")), OK)
		expect_eq(await packets_of(SERVER), [[id_of("C1"), PackedByteArray([3])]], str(pair))
		forget()


func test_when_a_client_was_kicked_then_what_is_for_all_is_for_the_others() -> void:
	serve()
	await join("C1")
	await join("C2")
	peers[SERVER].disconnect_peer(id_of("C1"))
	expect_eq(put(SERVER, PACKET), OK)
	expect_eq(await packets_of("C2"), [[1, PACKET]])


func test_when_peers_close_then_nobody_on_that_side_hears_of_it() -> void:
	for pair in PAIRS:
		for who: String in [SERVER, "C1"]:
			serve(pair[0])
			await join("C1", pair[1])
			var id := id_of("C1")
			heard.clear()
			peers[who].close()
			expect_eq([peers[who].get_connection_status(), peers[who].get_unique_id()], [DISCONNECTED, 0], str(pair))
			await until_heard(["C1", "out", 1] if who == SERVER else [SERVER, "out", id])
			await poll_on()
			expect_eq(heard.size(), 1, str(pair) + str(heard))
			forget()


func test_when_the_server_disconnects_a_client_then_both_hear_of_it() -> void:
	for pair in PAIRS:
		serve(pair[0])
		await join("C1", pair[1])
		var id := id_of("C1")
		heard.clear()
		peers[SERVER].disconnect_peer(id)
		expect_eq(heard, [], "not from inside of the call")
		await until_so(func() -> bool: return heard.size() == 2, str(pair))
		expect_eq([heard.has([SERVER, "out", id]), heard.has(["C1", "out", 1])], [true, true], str(heard))
		expect_eq([peers["C1"].get_connection_status(), id_of("C1")], [DISCONNECTED, 0], str(pair))
		forget()


func test_when_a_client_disconnects_from_the_server_then_both_hear_of_it() -> void:
	for pair in PAIRS:
		serve(pair[0])
		await join("C1", pair[1])
		var id := id_of("C1")
		heard.clear()
		peers["C1"].disconnect_peer(1)
		await until_so(func() -> bool: return heard.size() == 2, str(pair))
		expect_eq([heard.has([SERVER, "out", id]), heard.has(["C1", "out", 1])], [true, true], str(heard))
		forget()


func test_when_somebody_is_disconnected_by_force_then_that_side_does_not_hear_of_it() -> void:
	for pair in PAIRS:
		for who: String in [SERVER, "C1"]:
			serve(pair[0])
			await join("C1", pair[1])
			var id := id_of("C1")
			heard.clear()
			peers[who].disconnect_peer(id if who == SERVER else 1, true)
			if who == SERVER:
				_expect_printed(pair[0], "Peer not found: %d" % id)
				expect_eq(put(SERVER, PACKET, id), ERR_INVALID_PARAMETER, "it has gone at once")
			else:
				expect_eq([peers["C1"].get_connection_status(), id_of("C1")], [DISCONNECTED, 0], str(pair))
			await until_heard(["C1", "out", 1] if who == SERVER else [SERVER, "out", id])
			await poll_on()
			expect_eq(heard.size(), 1, str(pair) + str(heard))
			forget()


func test_when_the_target_mode_and_channel_are_set_then_they_are_kept() -> void:
	for kind in KINDS:
		var peer := make_peer(kind)
		peer.transfer_channel = 5
		peer.transfer_mode = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
		peer.refuse_new_connections = true
		expect_eq([peer.transfer_channel, peer.transfer_mode], [5, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE], kind)
		expect_eq(peer.is_refusing_new_connections(), true, kind)
		expect_eq([peer.get_packet_channel(), peer.get_packet_mode()], [0, MultiplayerPeer.TRANSFER_MODE_RELIABLE], kind)


func test_when_a_timeout_makes_no_sense_then_it_is_reported_and_stays() -> void:
	for kind in KINDS:
		var peer := make_peer(kind)
		for value: float in [0.0, -1.0]:
			expect_error("handshake_timeout: %d is not" % value if kind == OURS else "\"p_timeout <= 0.0\" is true")
			peer.handshake_timeout = value
			expect_eq(peer.handshake_timeout, 3.0, kind)
		peer.handshake_timeout = 1.5
		expect_eq(peer.handshake_timeout, 1.5, kind)


func _expect_printed(kind: String, text: String, times := 1) -> void:
	if kind == ENGINE:
		expect_error(text, times)
