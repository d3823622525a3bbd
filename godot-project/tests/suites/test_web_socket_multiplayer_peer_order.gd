extends "res://tests/multiplayer_suite.gd"
## What is true at the moment of each signal, as [code]SceneMultiplayer[/code] relies on it; alike in both classes.

## What was seen from inside of the signals.
var _seen: Array = []


func test_when_a_client_joins_then_its_id_is_known_and_it_can_be_sent_to() -> void:
	for pair in PAIRS:
		var host := serve(pair[0])
		host.peer_connected.connect(_greet.bind(host.get_instance_id()))
		for who: String in ["C1", "C2"]:
			var client := knock(who, pair[1])
			client.peer_connected.connect(_greet.bind(client.get_instance_id()))
			await until_so(func() -> bool: return is_in(who), who)
		var greeters := [1, id_of("C1"), 1, id_of("C2")]
		expect_eq(_seen, greeters.map(func(id: int) -> Array: return [id, CONNECTED, OK]), str(pair))
		# Both have greeted the server; the server has greeted all that were there.
		expect_eq((await packets_of("C1", 2)).size(), 2, str(pair))
		expect_eq((await packets_of("C2", 1)).size(), 1, str(pair))
		expect_eq((await packets_of(SERVER, 2)).size(), 2, str(pair))
		_seen.clear()
		forget()


func test_when_a_client_sends_at_once_then_its_packets_come_after_the_signal() -> void:
	for kind: String in [ENGINE, OURS]:
		var host := serve(kind)
		host.peer_connected.connect(_count_packets.bind(host.get_instance_id()))
		var client := connect_raw()
		await until_so(func() -> bool: return client.is_connected_to_host(), "connected")
		# The packets are there before the client has its id.
		client.upgrade()
		for number in 3:
			client.send(RawClient.BINARY, [number])
		var numbers := (await packets_of(SERVER, 3)).map(func(packet: Array) -> int: return packet[1][0])
		expect_eq([_seen, numbers], [[0], [0, 1, 2]], kind)
		_seen.clear()
		forget()


func test_when_a_client_leaves_then_it_can_be_asked_about_and_others_can_be_sent_to() -> void:
	for kind: String in [ENGINE, OURS]:
		var host := serve(kind)
		await join("C1", kind)
		await join("C2", kind)
		var id := id_of("C1")
		host.peer_disconnected.connect(_on_client_left.bind(host.get_instance_id(), id_of("C2")))
		peers["C1"].disconnect_peer(1)
		await until_heard([SERVER, "out", id])
		expect_eq(_seen, [[true, CONNECTED, OK, 0]], kind)
		expect_eq(await packets_of("C2"), [[1, PackedByteArray([1])]], kind)
		_seen.clear()
		forget()


func test_when_the_server_leaves_then_the_client_is_connected_until_it_has_heard() -> void:
	for kind: String in [ENGINE, OURS]:
		serve(kind)
		var client := await join("C1", kind)
		var id := id_of("C1")
		client.peer_disconnected.connect(_on_server_left.bind(client.get_instance_id()))
		peers[SERVER].close()
		await until_heard(["C1", "out", 1])
		expect_eq(_seen, [[CONNECTED, id, true]], kind)
		expect_eq([client.get_connection_status(), client.get_unique_id()], [DISCONNECTED, 0], kind)
		_seen.clear()
		forget()


## The engine's class loses what was not read by then.
func test_when_a_client_sends_and_leaves_then_its_packets_come_before_the_signal_and_none_after() -> void:
	serve()
	await join("C1")
	var id := id_of("C1")
	for number in 100:
		expect_eq(put("C1", [number]), OK)
	peers["C1"].disconnect_peer(1)
	var numbers: Array[int] = []
	await until_so(func() -> bool:
		for packet in take_all(SERVER):
			expect_true(not heard.has([SERVER, "out", id]), "a packet after the signal")
			numbers.append(packet[1][0])
		return heard.has([SERVER, "out", id]), "it has left")
	expect_eq(numbers, range(100))


func test_when_the_server_sends_and_kicks_then_the_packets_come_first() -> void:
	serve()
	await join("C1")
	for number in 100:
		expect_eq(put(SERVER, [number], id_of("C1")), OK)
	peers[SERVER].disconnect_peer(id_of("C1"))
	var numbers: Array[int] = []
	await until_so(func() -> bool:
		for packet in take_all("C1"):
			numbers.append(packet[1][0])
		return heard.has(["C1", "out", 1]), "it was kicked")
	expect_eq(numbers, range(100))


func test_when_a_client_is_kicked_then_nothing_of_it_comes_any_more() -> void:
	serve()
	await join("C1")
	var id := id_of("C1")
	put("C1", [1])
	peers["C1"].poll()
	peers[SERVER].disconnect_peer(id)
	await until_heard([SERVER, "out", id])
	await poll_on()
	expect_eq(take_all(SERVER), [] as Array[Array])


## [code]SceneMultiplayer[/code] lets two sides talk before they are peers of each other.
func test_when_players_have_to_authenticate_then_only_those_who_do_are_in() -> void:
	for pair in PAIRS:
		var server_api := _api(serve(pair[0]))
		server_api.auth_callback = func(id: int, data: PackedByteArray) -> void:
			if data.get_string_from_utf8() == "secret":
				server_api.complete_auth(id)
		var apis: Array[SceneMultiplayer] = [server_api]
		var came: Array[int] = []
		server_api.peer_connected.connect(func(id: int) -> void: came.append(id))
		server_api.auth_timeout = 60.0
		var failed: Array[int] = []
		for word: String in ["secret", "guess"]:
			var api := _api(knock(word, pair[1]))
			apis.append(api)
			api.auth_callback = func(_id: int, _data: PackedByteArray) -> void: pass
			api.peer_authenticating.connect(func(id: int) -> void:
				api.send_auth(id, word.to_utf8_buffer())
				api.complete_auth(id))
			api.server_disconnected.connect(func() -> void: failed.append(1))
			api.peer_authentication_failed.connect(func(_id: int) -> void: failed.append(2))
		var poll := func() -> void:
			for api in apis:
				api.poll()
		await until(func() -> bool:
			poll.call()
			return came.size() == 1, 5.0, str(pair))
		# Whoever is not in by now does not know the word.
		server_api.auth_timeout = 0.001
		await until(func() -> bool:
			poll.call()
			return not failed.is_empty(), 5.0, str(pair))
		expect_eq(came, [id_of("secret")], str(pair))
		for api in apis:
			# Callables hold what they capture.
			api.auth_callback = Callable()
			for sig: Signal in [api.peer_authenticating, api.peer_connected, api.server_disconnected, api.peer_authentication_failed]:
				for connection in sig.get_connections():
					if connection["callable"].is_custom():
						sig.disconnect(connection["callable"])
			api.multiplayer_peer = null
		forget()


func _api(peer: MultiplayerPeer) -> SceneMultiplayer:
	var api := SceneMultiplayer.new()
	api.multiplayer_peer = peer
	return api


## Says hello to all, from inside of the signal.
func _greet(_id: int, of: int) -> void:
	var peer: MultiplayerPeer = instance_from_id(of)
	peer.set_target_peer(0)
	_seen.append([peer.get_unique_id(), peer.get_connection_status(), peer.put_packet([0])])


func _count_packets(_id: int, of: int) -> void:
	_seen.append(instance_from_id(of).get_available_packet_count())


func _on_client_left(id: int, of: int, other: int) -> void:
	var peer: MultiplayerPeer = instance_from_id(of)
	peer.set_target_peer(other)
	_seen.append([peer.get_peer(id) != null, peer.get_connection_status(), peer.put_packet([1]), peer.get_available_packet_count()])


func _on_server_left(_id: int, of: int) -> void:
	var peer: MultiplayerPeer = instance_from_id(of)
	_seen.append([peer.get_connection_status(), peer.get_unique_id(), peer.get_peer(1) != null])
