extends "res://tests/suite.gd"
## Our server and our client as peers of [code]SceneMultiplayer[/code], with each other and with the engine's own class.
##
## Each side has a tree of its own under this node, with a multiplayer API of its own.

const OURS := 0
const ENGINE := 1

## What each side has heard: "S" is the server, "C1" and so on are clients.
var heard: Array[Array] = []

var _apis: Array[SceneMultiplayer] = []


func test_when_both_are_ours_then_they_talk() -> void:
	await _talk(OURS, OURS)


func test_when_the_client_is_of_the_engine_then_they_talk() -> void:
	await _talk(OURS, ENGINE)


func test_when_the_server_is_of_the_engine_then_they_talk() -> void:
	await _talk(ENGINE, OURS)


func test_when_both_are_of_the_engine_then_they_talk() -> void:
	await _talk(ENGINE, ENGINE)


func test_when_both_are_ours_then_functions_are_called_both_ways() -> void:
	await _call(OURS, OURS)


func test_when_the_client_is_of_the_engine_then_functions_are_called_both_ways() -> void:
	await _call(OURS, ENGINE)


func test_when_the_server_is_of_the_engine_then_functions_are_called_both_ways() -> void:
	await _call(ENGINE, OURS)


func test_when_two_clients_are_in_then_the_server_relays_between_them() -> void:
	await _relay(OURS, [OURS, OURS])


func test_when_clients_of_both_kinds_are_in_then_our_server_relays_between_them() -> void:
	await _relay(OURS, [OURS, ENGINE])


func test_when_clients_of_both_kinds_are_in_then_the_server_of_the_engine_relays_between_them() -> void:
	await _relay(ENGINE, [ENGINE, OURS])


func test_when_the_server_disconnects_a_client_then_both_hear_of_it() -> void:
	for kinds: Array in [[OURS, OURS], [OURS, ENGINE], [ENGINE, OURS]]:
		var server_api := _serve(kinds[0])
		var client_api := await _join(server_api, kinds[1], "C1")
		heard.clear()
		server_api.multiplayer_peer.disconnect_peer(client_api.get_unique_id())
		await _until(func() -> bool: return heard.size() >= 3)
		expect_eq(_sorted(), [["C1", "gone", 1], ["C1", "server_disconnected"], ["S", "gone", 1]], str(kinds))
		_forget()


func test_when_the_api_disconnects_a_client_then_the_client_hears_of_it() -> void:
	for kinds: Array in [[OURS, OURS], [OURS, ENGINE], [ENGINE, OURS]]:
		var server_api := _serve(kinds[0])
		var client_api := await _join(server_api, kinds[1], "C1")
		heard.clear()
		server_api.disconnect_peer(client_api.get_unique_id())
		expect_eq(server_api.get_peers(), PackedInt32Array())
		await _until(func() -> bool: return heard.size() >= 2)
		# The API has forgotten the client before the peer tells of its end.
		expect_eq(heard, [["C1", "gone", 1], ["C1", "server_disconnected"]], str(kinds))
		_forget()


func test_when_the_client_leaves_then_the_server_hears_of_it() -> void:
	for kinds: Array in [[OURS, OURS], [OURS, ENGINE], [ENGINE, OURS]]:
		var server_api := _serve(kinds[0])
		var client_api := await _join(server_api, kinds[1], "C1")
		heard.clear()
		client_api.multiplayer_peer.close()
		expect_eq(client_api.multiplayer_peer.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)
		await _until(func() -> bool: return heard.has(["S", "gone", 1]))
		_forget()


func test_when_the_server_quits_then_the_clients_hear_of_it() -> void:
	for kinds: Array in [[OURS, OURS], [OURS, ENGINE], [ENGINE, OURS]]:
		var server_api := _serve(kinds[0])
		await _join(server_api, kinds[1], "C1")
		heard.clear()
		server_api.multiplayer_peer.close()
		await _until(func() -> bool: return heard.has(["C1", "server_disconnected"]))
		_forget()


func test_when_nobody_listens_then_the_connection_fails() -> void:
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % testkit().closed_port(), [], true), OK)
	var failed := []
	client.failed.connect(func(error: WebSocketError) -> void: failed.append(error.get_kind()))
	_root("C1").multiplayer_peer = client
	await _until(func() -> bool: return heard.has(["C1", "connection_failed"]))
	expect_eq(failed, [WebSocketError.KIND_CONNECTION_REFUSED])


func test_when_the_first_message_is_no_id_then_the_connection_fails() -> void:
	for first: Dictionary in [{"text": "hello"}, {"binary": [1, 0, 0, 0]}, {"binary": [5, 0, 0]}, {"binary": [0, 0, 0, 128]}]:
		var counterpart := server(["upgrade", first, {"binary": [5, 0, 0, 0]}, "answer_close", "hold"])
		var client := WebSocketClient.new()
		expect_eq(client.connect_to_url(counterpart.url, [], true), OK)
		_root("C1").multiplayer_peer = client
		await _until(func() -> bool: return heard.has(["C1", "connection_failed"]))
		expect_eq([heard, client.get_unique_id()], [[["C1", "connection_failed"]], 0], str(first))
		_forget()


func test_when_the_first_message_is_no_id_then_failed_comes_once() -> void:
	for end: Array in [["answer_close", "hold"], [{"text": "more"}, "fin", "hold"], ["hold"]]:
		var counterpart := server(["upgrade", {"text": "hello"}] + end)
		var client := WebSocketClient.new()
		expect_eq(client.connect_to_url(counterpart.url, [], true), OK)
		var failed := []
		client.failed.connect(func(error: WebSocketError) -> void: failed.append(error.get_kind()))
		await _until_failed(client, failed)
		expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "at once")
		for _frame in 30:
			client.poll()
			await get_tree().process_frame
		expect_eq(failed, [WebSocketError.KIND_PROTOCOL_VIOLATION], str(end))


func test_when_a_handler_of_failed_connects_again_then_the_next_session_is_whole() -> void:
	var second := server(["upgrade", {"binary": [6, 0, 0, 0]}, "hold"]).url
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(server(["upgrade", {"text": "hello"}, "answer_close", "hold"]).url, [], true), OK)
	var events := []
	var id := client.get_instance_id()
	client.peer_connected.connect(func(peer: int) -> void: events.append(["in", peer]))
	client.failed.connect(func(_error: WebSocketError) -> void:
		events.append(instance_from_id(id).connect_to_url(second, [], true)))
	await until(func() -> bool:
		client.poll()
		return client.get_unique_id() == 6)
	expect_eq(events, [OK, ["in", 1]])


func test_when_a_handler_of_peer_disconnected_connects_again_then_the_next_session_is_whole() -> void:
	var second := server(["upgrade", {"binary": [6, 0, 0, 0]}, {"binary": [7]}, "hold"]).url
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(server(["upgrade", {"binary": [5, 0, 0, 0]}, {"close": [1000, ""]}, "hold"]).url, [], true), OK)
	var events := []
	var id := client.get_instance_id()
	client.peer_connected.connect(func(peer: int) -> void: events.append(["in", peer]))
	client.peer_disconnected.connect(func(peer: int) -> void:
		events.append(["out", peer])
		events.append(instance_from_id(id).connect_to_url(second, [], true)))
	await until(func() -> bool:
		client.poll()
		return client.get_available_packet_count() > 0)
	expect_eq(events, [["in", 1], ["out", 1], OK, ["in", 1]])
	expect_eq([client.get_unique_id(), client.get_packet()], [6, PackedByteArray([7])])


func test_when_the_session_ends_with_unread_packets_then_they_can_be_read() -> void:
	var client := WebSocketClient.new()
	var script := ["cork", "upgrade", {"binary": [5, 0, 0, 0]}, {"binary": [7]}, {"binary": [8]}, {"close": [1000, ""]}, "uncork", "hold"]
	expect_eq(client.connect_to_url(server(script).url, [], true), OK)
	await until(func() -> bool:
		client.poll()
		return client.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	for byte in [7, 8]:
		expect_eq([client.get_available_packet_count(), client.get_packet()], [9 - byte, PackedByteArray([byte])])
		expect_eq(client.get_packet_error(), OK)
	expect_eq([client.get_available_packet_count(), client.get_packet()], [0, PackedByteArray()])
	expect_eq(client.get_packet_error(), ERR_UNCONFIGURED)


func test_when_a_script_keeps_the_peer_then_closing_ends_its_connection_all_the_same() -> void:
	var counterpart := server(["upgrade", {"binary": [5, 0, 0, 0]}, "hold"])
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(counterpart.url, [], true), OK)
	await until(func() -> bool:
		client.poll()
		return client.get_unique_id() == 5)
	var kept := client.get_peer(1)
	client.close()
	expect_eq(kept.get_ready_state(), TungstenWebSocketPeer.STATE_CLOSED)
	await counterpart.wait_for("eof")


func test_when_the_server_closes_before_the_id_then_the_client_hears_why() -> void:
	var counterpart := server(["upgrade", {"close": [1013, "no new players now"]}, "hold"])
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(counterpart.url, [], true), OK)
	var failures: Array[WebSocketError] = []
	client.failed.connect(func(error: WebSocketError) -> void: failures.append(error))
	await until(func() -> bool:
		client.poll()
		return client.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(failures.size(), 1)
	for error in failures:
		expect_eq([error.kind, error.close_code, error.close_reason], [WebSocketError.KIND_TURNED_AWAY, 1013, "no new players now"])
	# The callable holds what it captures.
	for connection in client.failed.get_connections():
		client.failed.disconnect(connection["callable"])


func test_when_packets_follow_the_id_at_once_then_none_is_lost() -> void:
	var packets := [{"binary": [5, 0, 0, 0]}, {"binary": [7]}, {"binary": []}, {"text": "t"}]
	var counterpart := server(["cork", "upgrade"] + packets + [{"close": [1000, ""]}, "uncork", "hold"])
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(counterpart.url, [], true), OK)
	var read: Array[PackedByteArray] = []
	var events := []
	client.peer_connected.connect(func(id: int) -> void: events.append(["in", id]))
	client.peer_disconnected.connect(func(id: int) -> void: events.append(["out", id, read.size()]))
	client.data_received.connect(func() -> void: events.append("data_received"))
	await until(func() -> bool:
		client.poll()
		while client.get_available_packet_count() > 0:
			expect_eq([client.get_packet_peer(), client.get_unique_id()], [1, 5])
			read.append(client.get_packet())
		return client.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(read, [PackedByteArray([7]), PackedByteArray(), "t".to_utf8_buffer()])
	expect_eq(events, [["in", 1], ["out", 1, 3]])
	expect_eq(client.get_unique_id(), 0)
	# The callables hold what they capture.
	for sig: Signal in [client.peer_connected, client.peer_disconnected, client.data_received]:
		for connection in sig.get_connections():
			sig.disconnect(connection["callable"])


func test_when_empty_packets_are_sent_then_they_arrive() -> void:
	var counterpart := WebSocketServer.new()
	counterpart.bind_ip = "127.0.0.1"
	expect_eq(counterpart.listen(0, [], true), OK)
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % counterpart.get_local_port(), [], true), OK)
	var in_count := func() -> int:
		counterpart.poll()
		client.poll()
		return counterpart.get_available_packet_count()
	await until(func() -> bool: return in_count.call() == 0 and client.get_unique_id() != 0)
	# `put_packet` of nothing does not reach any peer, in any class of the engine.
	expect_eq(client.put_packet(PackedByteArray()), OK)
	expect_eq(client.get_peer(1).send(PackedByteArray()), OK)
	expect_eq(client.get_peer(1).send(PackedByteArray([1])), OK)
	await until(func() -> bool: return in_count.call() == 2)
	expect_eq([counterpart.get_packet(), counterpart.get_packet()], [PackedByteArray(), PackedByteArray([1])])


func test_when_it_is_too_early_or_the_target_is_unknown_then_packets_are_refused() -> void:
	var packet := PackedByteArray([1])
	var counterpart := WebSocketServer.new()
	counterpart.bind_ip = "127.0.0.1"
	expect_eq(counterpart.put_packet(packet), ERR_UNCONFIGURED, "the server does not listen")
	expect_eq(counterpart.listen(0, [], true), OK)
	counterpart.set_target_peer(77)
	expect_eq(counterpart.put_packet(packet), ERR_INVALID_PARAMETER)
	counterpart.set_target_peer(1)
	expect_eq(counterpart.put_packet(packet), ERR_INVALID_PARAMETER)
	counterpart.set_target_peer(0)
	expect_eq(counterpart.put_packet(packet), OK, "to nobody")
	counterpart.get_packet()
	expect_eq(counterpart.get_packet_error(), ERR_UNAVAILABLE)
	var client := WebSocketClient.new()
	expect_eq(client.put_packet(packet), ERR_UNCONFIGURED)
	expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % counterpart.get_local_port(), [], true), OK)
	expect_eq(client.put_packet(packet), ERR_UNCONFIGURED, "it is connecting")
	expect_eq([client.get_connection_status(), client.get_unique_id()], [MultiplayerPeer.CONNECTION_CONNECTING, 0])
	await until(func() -> bool:
		counterpart.poll()
		client.poll()
		return client.get_unique_id() != 0)
	expect_eq([client.get_connection_status(), client.put_packet(packet)], [MultiplayerPeer.CONNECTION_CONNECTED, OK])


func test_when_a_packet_has_a_target_then_only_those_get_it() -> void:
	var counterpart := WebSocketServer.new()
	counterpart.bind_ip = "127.0.0.1"
	expect_eq(counterpart.listen(0, [], true), OK)
	var members: Array[WebSocketClient] = []
	for _index in 3:
		var client := WebSocketClient.new()
		expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % counterpart.get_local_port(), [], true), OK)
		members.append(client)
	var tick := func() -> void:
		counterpart.poll()
		for client in members:
			client.poll()
	await until(func() -> bool:
		tick.call()
		return members.all(func(client: WebSocketClient) -> bool: return client.get_unique_id() != 0))
	var targets := [0, members[0].get_unique_id(), -members[1].get_unique_id()]
	for index in targets.size():
		counterpart.set_target_peer(targets[index])
		expect_eq(counterpart.put_packet(PackedByteArray([index])), OK)
	await until(func() -> bool:
		tick.call()
		return members.map(func(client: WebSocketClient) -> int: return client.get_available_packet_count()) == [3, 1, 2])
	var got := members.map(func(client: WebSocketClient) -> Array:
		var packets := []
		while client.get_available_packet_count() > 0:
			packets.append(client.get_packet()[0])
		return packets)
	expect_eq(got, [[0, 1, 2], [0], [0, 2]])


func test_when_a_client_sends_much_and_leaves_then_all_of_it_comes_before_its_end() -> void:
	var server_api := _serve(OURS)
	var client_api := await _join(server_api, OURS, "C1")
	heard.clear()
	var client: WebSocketClient = client_api.multiplayer_peer
	client.get_peer(1).outbound_buffer_size = 0
	var large := "x".repeat(60_000).to_utf8_buffer()
	for _index in 50:
		expect_eq(client_api.send_bytes(large, 1), OK)
	client.disconnect_peer(1)
	await _until(func() -> bool: return heard.has(["S", "gone", 1]) and heard.has(["C1", "server_disconnected"]))
	var of_server := heard.filter(func(entry: Array) -> bool: return entry[0] == "S")
	expect_eq([of_server.size(), of_server.back()], [51, ["S", "gone", 1]])


func test_when_a_client_is_dropped_by_force_then_no_signal_comes() -> void:
	var server_api := _serve(OURS)
	var client_api := await _join(server_api, OURS, "C1")
	heard.clear()
	var client: MultiplayerPeer = client_api.multiplayer_peer
	client.disconnect_peer(1, true)
	expect_eq([client.get_connection_status(), client.get_unique_id()], [MultiplayerPeer.CONNECTION_DISCONNECTED, 0])
	await _until(func() -> bool: return heard.has(["S", "gone", 1]))
	expect_true(not heard.has(["C1", "gone", 1]))


func test_when_a_handler_lets_go_of_the_peer_then_the_others_hear_of_it() -> void:
	for side: String in ["S", "C1"]:
		for sig: String in ["peer_connected", "peer_disconnected"]:
			var server_api := _serve(OURS)
			var client_api := _knock(server_api, OURS, "C1")
			var api := server_api if side == "S" else client_api
			var let_go := [false]
			# Bound to no reference of the API itself.
			var id := api.get_instance_id()
			api.multiplayer_peer.connect(sig, func(_peer: int) -> void:
				let_go[0] = true
				instance_from_id(id).multiplayer_peer = null)
			if sig == "peer_disconnected":
				await _until(func() -> bool: return heard.has(["C1", "in", 1]) and heard.has(["S", "in", 1]))
				(client_api if side == "S" else server_api).multiplayer_peer.close()
			await _until(func() -> bool: return let_go[0])
			await _frames(10)
			expect_true(not api.has_multiplayer_peer() or api.multiplayer_peer is OfflineMultiplayerPeer, side + sig)
			_forget()


func clean_up() -> void:
	_forget()
	super()


## They send each other bytes, and hear of each other.
func _talk(server_kind: int, client_kind: int) -> void:
	var server_api := _serve(server_kind)
	var client_api := await _join(server_api, client_kind, "C1")
	expect_eq([server_api.get_unique_id(), server_api.is_server(), client_api.is_server()], [1, true, false])
	expect_eq(server_api.get_peers(), PackedInt32Array([client_api.get_unique_id()]))
	expect_eq(_sorted(), [["C1", "connected_to_server"], ["C1", "in", 1], ["S", "in", 1]])
	heard.clear()
	expect_eq(server_api.send_bytes("to all".to_utf8_buffer()), OK)
	expect_eq(client_api.send_bytes("to the server".to_utf8_buffer(), 1), OK)
	await _until(func() -> bool: return heard.size() >= 2)
	expect_eq(_sorted(), [["C1", "packet", 1, "to all"], ["S", "packet", 1, "to the server"]])
	heard.clear()
	for index in 200:
		expect_eq(server_api.send_bytes(str(index).to_utf8_buffer()), OK)
	await _until(func() -> bool: return heard.size() >= 200)
	var numbers := heard.map(func(entry: Array) -> int: return entry[3].to_int())
	expect_eq(numbers, range(200))


## Functions of nodes are called through the network.
func _call(server_kind: int, client_kind: int) -> void:
	var server_api := _serve(server_kind)
	var client_api := await _join(server_api, client_kind, "C1")
	var on_server: Caller = get_node("S/Caller")
	var on_client: Caller = get_node("C1/Caller")
	expect_eq(on_server.rpc("say", "from the server", 7), OK)
	expect_eq(on_client.rpc_id(1, "say", "from the client", [1.5, null]), OK)
	await _until(func() -> bool: return on_server.said.size() > 0 and on_client.said.size() > 0)
	expect_eq(on_client.said, [[1, "from the server", 7]])
	expect_eq(on_server.said, [[client_api.get_unique_id(), "from the client", [1.5, null]]])


## Bytes go from one client to the other.
func _relay(server_kind: int, client_kinds: Array) -> void:
	var server_api := _serve(server_kind)
	var first := await _join(server_api, client_kinds[0], "C1")
	var second := await _join(server_api, client_kinds[1], "C2")
	await _until(func() -> bool: return first.get_peers().size() == 2 and second.get_peers().size() == 2)
	heard.clear()
	expect_eq(first.send_bytes("over".to_utf8_buffer(), second.get_unique_id()), OK)
	expect_eq(second.send_bytes("back".to_utf8_buffer(), first.get_unique_id()), OK)
	await _until(func() -> bool: return heard.size() >= 2)
	expect_eq(_sorted(), [["C1", "packet", second.get_unique_id(), "back"], ["C2", "packet", first.get_unique_id(), "over"]])


## A server that listens.
func _serve(kind: int) -> SceneMultiplayer:
	var api := _root("S")
	if kind == OURS:
		var ours := WebSocketServer.new()
		ours.bind_ip = "127.0.0.1"
		# Nothing of this is to come here.
		ours.data_received.connect(func(_id: int) -> void: _hear(["S", "data_received"]))
		ours.client_connected.connect(func(_id: int, _protocol: String, _target: String) -> void: _hear(["S", "client"]))
		expect_eq(ours.listen(0, [], true), OK)
		api.multiplayer_peer = ours
		api.set_meta("port", ours.get_local_port())
	else:
		var engine := WebSocketMultiplayerPeer.new()
		# The engine does not tell which port it was given.
		var port := testkit().closed_port()
		expect_eq(engine.create_server(port, "127.0.0.1"), OK)
		api.multiplayer_peer = engine
		api.set_meta("port", port)
	return api


## A client that has begun to connect.
func _knock(server_api: SceneMultiplayer, kind: int, side: String) -> SceneMultiplayer:
	var api := _root(side)
	var url := "ws://127.0.0.1:%d" % server_api.get_meta("port")
	if kind == OURS:
		var ours := WebSocketClient.new()
		ours.data_received.connect(_hear.bind([side, "data_received"]))
		expect_eq(ours.connect_to_url(url, [], true), OK)
		api.multiplayer_peer = ours
	else:
		var engine := WebSocketMultiplayerPeer.new()
		expect_eq(engine.create_client(url), OK)
		api.multiplayer_peer = engine
	return api


## A client that is in, on both sides.
func _join(server_api: SceneMultiplayer, kind: int, side: String) -> SceneMultiplayer:
	var api := _knock(server_api, kind, side)
	await _until(func() -> bool:
		return heard.has([side, "in", 1]) and server_api.get_peers().has(api.get_unique_id()))
	return api


## A tree with an API of its own, which is polled by [method _until].
func _root(side: String) -> SceneMultiplayer:
	var root := Node.new()
	root.name = side
	add_child(root)
	var api := SceneMultiplayer.new()
	# Whatever is sent by `send_bytes` is heard of.
	api.peer_connected.connect(func(id: int) -> void: _hear([side, "in", _number(id)]))
	api.peer_disconnected.connect(func(id: int) -> void: _hear([side, "gone", _number(id)]))
	api.connected_to_server.connect(_hear.bind([side, "connected_to_server"]))
	api.connection_failed.connect(_hear.bind([side, "connection_failed"]))
	api.server_disconnected.connect(_hear.bind([side, "server_disconnected"]))
	api.peer_packet.connect(func(id: int, packet: PackedByteArray) -> void:
		_hear([side, "packet", 1 if side == "S" else id, packet.get_string_from_utf8()]))
	get_tree().set_multiplayer(api, root.get_path())
	var caller := Caller.new()
	caller.name = "Caller"
	root.add_child(caller)
	_apis.append(api)
	return api


## Clients are "1" to the server, as there is one in most tests; the others are called by their ids.
func _number(id: int) -> int:
	return id if _apis.size() > 2 else 1


func _hear(entry: Array) -> void:
	heard.append(entry)


## What was heard, in an order that does not depend on which side was polled first.
func _sorted() -> Array[Array]:
	var sorted := heard.duplicate()
	sorted.sort_custom(func(a: Array, b: Array) -> bool: return str(a) < str(b))
	return sorted


func _until_failed(client: WebSocketClient, failed: Array) -> void:
	await until(func() -> bool:
		client.poll()
		return not failed.is_empty())


func _until(condition: Callable) -> void:
	await until(condition, 5.0, func() -> String: return "heard was %s" % [heard.slice(-6)])


func _frames(count: int) -> void:
	for _frame in count:
		await get_tree().process_frame


## Takes all trees away.
func _forget() -> void:
	for root in get_children():
		get_tree().set_multiplayer(null, root.get_path())
		root.free()
	_apis.clear()
	heard.clear()


## Has a function that the other side calls.
class Caller:
	extends Node

	## Who has called, and with what.
	var said: Array[Array] = []

	@rpc("any_peer", "call_remote", "reliable")
	func say(text: String, more: Variant) -> void:
		said.append([multiplayer.get_remote_sender_id(), text, more])
