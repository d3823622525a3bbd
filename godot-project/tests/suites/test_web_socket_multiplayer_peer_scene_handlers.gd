extends "res://tests/multiplayer_suite.gd"
## G1 once more, with [code]SceneMultiplayer[/code] in between: handlers of its signals may do anything with the peer.

const SIDES: Array[String] = [SERVER, "C1"]
const SIGNALS: Array[String] = ["peer_connected", "peer_disconnected"]

## How often the signal has come.
var _handled := 0
var _apis := {}


func test_when_a_handler_closes_the_peer_then_the_session_is_over_on_both_sides() -> void:
	for side in SIDES:
		for name in SIGNALS:
			await _play(side, name, func(api: SceneMultiplayer, _id: int) -> void: api.multiplayer_peer.close())
			await _expect_over(side + name)


func test_when_a_handler_kicks_then_the_connection_is_over_on_both_sides() -> void:
	for side in SIDES:
		await _play(side, "peer_connected", func(api: SceneMultiplayer, id: int) -> void:
			api.multiplayer_peer.disconnect_peer(id))
		await _expect_over(side)


## The API itself hears of that only when it is a client, from the status: no signal follows.
func test_when_a_handler_kicks_by_force_then_the_other_side_hears_of_it() -> void:
	for side in SIDES:
		await _play(side, "peer_connected", func(api: SceneMultiplayer, id: int) -> void:
			api.multiplayer_peer.disconnect_peer(id, true))
		await _until(func() -> bool: return not _has_a_peer(_apis[SIDES[1 - SIDES.find(side)]]), side)
		expect_eq([_handled, _has_a_peer(_apis[side])], [1, side == SERVER], side)


func test_when_a_handler_has_the_api_kick_then_the_connection_is_over_on_both_sides() -> void:
	for side in SIDES:
		await _play(side, "peer_connected", func(api: SceneMultiplayer, id: int) -> void: api.disconnect_peer(id))
		await _expect_over(side)


func test_when_a_handler_sends_then_it_arrives() -> void:
	for side in SIDES:
		var other: String = SIDES[1 - SIDES.find(side)]
		var got: Array[PackedByteArray] = []
		await _play(side, "peer_connected", func(api: SceneMultiplayer, id: int) -> void:
			_apis[other].peer_packet.connect(func(_id: int, packet: PackedByteArray) -> void: got.append(packet))
			expect_eq([api.send_bytes([1], id), api.send_bytes([2])], [OK, OK]))
		await _until(func() -> bool: return got.size() == 2, side)
		expect_eq(got, [PackedByteArray([1]), PackedByteArray([2])] as Array[PackedByteArray], side)


func test_when_a_handler_polls_the_peer_then_the_signal_comes_once() -> void:
	for side in SIDES:
		for name in SIGNALS:
			await _play(side, name, func(api: SceneMultiplayer, _id: int) -> void: api.multiplayer_peer.poll())
			for _frame in 10:
				await get_tree().process_frame
				_poll()
			expect_eq(_handled, 1, side + name)


func test_when_a_handler_takes_another_peer_then_the_new_session_begins() -> void:
	for side in SIDES:
		for name in SIGNALS:
			var next := make_peer(OURS)
			expect_eq(next.create_server(0, "127.0.0.1"), OK)
			await _play(side, name, func(api: SceneMultiplayer, _id: int) -> void: api.multiplayer_peer = next)
			expect_true(_apis[side].multiplayer_peer == next and _apis[side].is_server(), side + name)
			await _until(func() -> bool: return _apis[SIDES[1 - SIDES.find(side)]].get_peers().is_empty(), side + name)


func clean_up() -> void:
	_forget_apis()
	super()


## A server and a client; the handler runs with the signal of one of them, once.
func _play(side: String, name: String, handler: Callable) -> void:
	_forget_apis()
	_handled = 0
	for who in SIDES:
		_apis[who] = SceneMultiplayer.new()
		_apis[who].root_path = get_path()
	_apis[SERVER].multiplayer_peer = serve()
	_apis["C1"].multiplayer_peer = knock("C1")
	# The APIs have the only references.
	peers.clear()
	_apis[side].connect(name, _handle.bind(side, handler))
	if name == "peer_disconnected":
		await _until(func() -> bool: return _apis.values().all(_has_a_peer), "both are in")
		_apis[SIDES[1 - SIDES.find(side)]].multiplayer_peer.close()
	await _until(func() -> bool: return _handled > 0, "%s of %s" % [name, side])


func _handle(id: int, side: String, handler: Callable) -> void:
	_handled += 1
	if _handled == 1:
		handler.call(_apis[side], id)


func _expect_over(why: String) -> void:
	await _until(func() -> bool: return not _apis.values().any(_has_a_peer), why)
	expect_eq(_handled, 1, why)


func _has_a_peer(api: SceneMultiplayer) -> bool:
	return api.get_peers().size() > 0


func _until(condition: Callable, why: String) -> void:
	await until(func() -> bool:
		_poll()
		return condition.call(), 5.0, why)


func _poll() -> void:
	for api: SceneMultiplayer in _apis.values():
		api.poll()


## What is connected holds what it has captured.
func _forget_apis() -> void:
	for api: SceneMultiplayer in _apis.values():
		for name: String in SIGNALS + ["peer_packet"]:
			for connection in api.get_signal_connection_list(name):
				api.disconnect(name, connection["callable"])
	_apis.clear()
	forget()
