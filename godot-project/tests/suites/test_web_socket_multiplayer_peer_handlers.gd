extends "res://tests/multiplayer_suite.gd"
## G1: handlers of [code]peer_connected[/code] and [code]peer_disconnected[/code] may do anything, from inside of the poll
## that has called them, on both sides.

## Each is a side and a signal, which [method _play] has emitted for a second client while a first one is there.
const MOMENTS: Array[Array] = [
	[SERVER, "peer_connected"], [SERVER, "peer_disconnected"], ["C2", "peer_connected"], ["C2", "peer_disconnected"],
]

## How often the signal has come.
var _handled := 0
## Whose signal it is.
var _side := ""
## Its argument.
var _id := 0
## The id of the second client.
var _second_id := 0


func test_when_a_handler_closes_then_nothing_follows_on_that_side_and_the_others_hear_of_it() -> void:
	for moment in MOMENTS:
		await _play(moment, func() -> void: peers[_side].close())
		expect_eq([_handled, peers[_side].get_connection_status(), id_of(_side)], [1, DISCONNECTED, 0], str(moment))
		expect_eq(heard_by(_side).back()[1], "in" if moment[1] == "peer_connected" else "out", str(moment))
		if _side == SERVER:
			await until_heard(["C1", "out", 1])


func test_when_a_handler_kicks_then_the_connection_ends_once() -> void:
	for force: bool in [false, true]:
		for moment in MOMENTS.filter(func(each: Array) -> bool: return each[1] == "peer_connected"):
			await _play(moment, func() -> void: peers[_side].disconnect_peer(_id, force))
			expect_eq(_handled, 1, str(moment))
			var outs := heard_by(_side).filter(func(event: Array) -> bool: return event[1] == "out" and event[2] == _id)
			expect_eq(outs.size(), 0 if force else 1, "%s by force: %s, %s" % [moment, force, heard])
			expect_eq(peers["C2"].get_connection_status(), DISCONNECTED, str(moment))
			expect_eq(peers["C1"].get_connection_status(), CONNECTED, str(moment))


func test_when_a_handler_kicks_the_one_that_has_just_left_then_its_end_is_told_once() -> void:
	for force: bool in [false, true]:
		for moment in MOMENTS.filter(func(each: Array) -> bool: return each[1] == "peer_disconnected"):
			await _play(moment, func() -> void: peers[_side].disconnect_peer(_id, force))
			var outs := heard_by(_side).filter(func(event: Array) -> bool: return event[1] == "out")
			expect_eq([_handled, outs.size()], [1, 1], "%s by force: %s" % [moment, force])


func test_when_a_handler_kicks_another_one_then_both_ends_are_told() -> void:
	for name: String in ["peer_connected", "peer_disconnected"]:
		await _play([SERVER, name], func() -> void: peers[SERVER].disconnect_peer(id_of("C1")))
		expect_eq(peers["C1"].get_connection_status(), DISCONNECTED, name)
		expect_true(heard.has(["C1", "out", 1]), name)


func test_when_a_handler_sends_to_all_then_old_and_new_ones_get_it() -> void:
	await _play([SERVER, "peer_connected"], func() -> void: expect_eq(put(SERVER, [7]), OK))
	expect_eq([take_all("C1"), take_all("C2")], [[[1, PackedByteArray([7])]], [[1, PackedByteArray([7])]]])
	await _play([SERVER, "peer_disconnected"], func() -> void: expect_eq(put(SERVER, [8], -_id), OK))
	expect_eq(take_all("C1"), [[1, PackedByteArray([8])]] as Array[Array])
	await _play(["C2", "peer_connected"], func() -> void: expect_eq(put("C2", [9], 1), OK))
	expect_eq(take_all(SERVER), [[id_of("C2"), PackedByteArray([9])]] as Array[Array])


func test_when_a_handler_sends_to_all_who_are_left_then_that_is_no_failure() -> void:
	await _play([SERVER, "peer_disconnected"], func() -> void: expect_eq(put(SERVER, [8]), OK))
	expect_eq(take_all("C1"), [[1, PackedByteArray([8])]] as Array[Array])


func test_when_a_handler_sends_to_the_one_that_has_left_then_that_is_refused() -> void:
	for side: String in [SERVER, "C2"]:
		await _play([side, "peer_disconnected"], func() -> void: expect_true(put(_side, [1], _id) != OK, _side))
		expect_eq(_handled, 1, side)


func test_when_a_handler_polls_then_each_signal_comes_once() -> void:
	for moment in MOMENTS:
		await _play(moment, func() -> void: peers[_side].poll(), true)
		expect_eq(_handled, 1, str(moment))
		var second := heard.filter(func(event: Array) -> bool: return event[0] == "C2" or event[2] == _second_id)
		var in_out := second.map(func(event: Array) -> String: return event[0] + event[1])
		in_out.sort()
		expect_eq(in_out, ["C2in", "C2out", "Sin", "Sout"], str(moment))


func test_when_a_handler_drops_the_last_reference_then_it_is_gone_and_the_others_hear_of_it() -> void:
	for moment in MOMENTS:
		await _play(moment, func() -> void: peers.erase(_side))
		expect_eq([_handled, peers.has(_side)], [1, false], str(moment))
		if _side == SERVER:
			await until_heard(["C1", "out", 1])
			expect_eq(peers["C1"].get_connection_status(), DISCONNECTED, str(moment))
		elif moment[1] == "peer_connected":
			await until_so(func() -> bool: return heard_by(SERVER).back()[1] == "out", str(moment))


func test_when_a_handler_closes_and_starts_again_then_the_new_session_works() -> void:
	for moment in MOMENTS:
		if moment[0] == SERVER:
			await _play(moment, func() -> void:
				peers[SERVER].close()
				listen(peers[SERVER]))
			expect_eq(peers[SERVER].get_connection_status(), CONNECTED, str(moment))
			heard.clear()
			await join("C9")
		else:
			await _play(moment, func() -> void:
				peers["C2"].close()
				expect_eq(peers["C2"].create_client(url()), OK))
			await until_so(func() -> bool: return peers["C2"].get_connection_status() == CONNECTED, str(moment))
			expect_eq(put("C2", [5]), OK, str(moment))
			await packets_of(SERVER)


func test_when_a_handler_reads_packets_then_none_is_lost() -> void:
	serve()
	await join("C1")
	var read: Array[Array] = []
	# What the first client has sent is there when the second one comes.
	peers[SERVER].peer_connected.connect(func(_peer_id: int) -> void: read.append_array(take_all(SERVER)))
	for number in 50:
		put("C1", [number])
	knock("C2")
	await until_so(func() -> bool: return is_in("C2"), "in")
	await until_so(func() -> bool:
		read.append_array(take_all(SERVER))
		return read.size() == 50, "all packets")
	expect_eq(read.map(func(packet: Array) -> int: return packet[1][0]), range(50))


func test_when_a_handler_changes_the_settings_then_they_are_those_of_the_next_client() -> void:
	await _play([SERVER, "peer_connected"], func() -> void: peers[SERVER].refuse_new_connections = true)
	var late := knock("C3")
	await until_so(func() -> bool: return late.get_connection_status() == DISCONNECTED, "refused")
	expect_eq(heard_by("C3"), [])


func test_when_the_api_lets_go_of_the_peer_in_a_handler_then_the_others_hear_of_it() -> void:
	for side: String in [SERVER, "C1"]:
		for name: String in ["peer_connected", "peer_disconnected"]:
			for of_api: bool in [false, true]:
				await _let_go(side, name, of_api)


## The signal is that of the API itself, or that of the peer.
func _let_go(side: String, name: String, of_api: bool) -> void:
	var apis := {SERVER: SceneMultiplayer.new(), "C1": SceneMultiplayer.new()}
	apis[SERVER].multiplayer_peer = serve()
	apis["C1"].multiplayer_peer = knock("C1")
	# The API has the only reference from here on.
	peers.clear()
	var api: SceneMultiplayer = apis[side]
	var other: SceneMultiplayer = apis["C1" if side == SERVER else SERVER]
	var let_go := [false]
	var sig := Signal(api if of_api else api.multiplayer_peer, name)
	sig.connect(_set_null.bind(api.get_instance_id(), let_go), CONNECT_ONE_SHOT)
	var poll := func() -> void:
		for each: SceneMultiplayer in apis.values():
			each.poll()
	if name == "peer_disconnected":
		await until(func() -> bool:
			poll.call()
			return api.get_peers().size() == 1 and other.get_peers().size() == 1)
		other.multiplayer_peer.close()
	var why := "%s %s %s" % [side, name, of_api]
	await until(func() -> bool:
		poll.call()
		return let_go[0], 5.0, why)
	expect_true(not api.has_multiplayer_peer(), why)
	await until(func() -> bool:
		poll.call()
		return other.get_peers().is_empty(), 5.0, why)
	forget()


func _set_null(_peer_id: int, api_id: int, let_go: Array) -> void:
	let_go[0] = true
	instance_from_id(api_id).multiplayer_peer = null


## While a first client is there, lets a second one come, and leave if need be; the handler runs once, at the given moment.
func _play(moment: Array, handler: Callable, leaves := false) -> void:
	forget()
	_handled = 0
	_side = moment[0]
	serve()
	await join("C1")
	knock("C2")
	peers[_side].connect(moment[1], _handle.bind(handler))
	await _let_the_tree_poll()
	_second_id = heard_by(SERVER)[1][2]
	if leaves or moment[1] == "peer_disconnected":
		peers["C2"].disconnect_peer(1)
		await _let_the_tree_poll()


## For some frames, which are enough on one machine. The tree holds no reference, so the last one can be dropped.
func _let_the_tree_poll() -> void:
	for peer: MultiplayerPeer in peers.values():
		get_tree().process_frame.connect(peer.poll)
	for _frame in 20:
		await get_tree().process_frame
	for peer: MultiplayerPeer in peers.values():
		get_tree().process_frame.disconnect(peer.poll)


func _handle(id: int, handler: Callable) -> void:
	_handled += 1
	if _handled == 1:
		_id = id
		handler.call()
