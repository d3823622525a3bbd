extends "res://tests/suite.gd"
## G2: sessions in threads of GDScript.

const LIMIT_MSEC := 5000
const PACKETS := 100


func test_when_a_session_lives_in_a_thread_then_it_works() -> void:
	expect_eq(await _in_threads([_hold_a_session]), [_all_packets()])


func test_when_each_thread_has_a_session_then_all_of_them_work() -> void:
	var results := await _in_threads([_hold_a_session, _hold_a_session, _hold_a_session])
	expect_eq(results, [_all_packets(), _all_packets(), _all_packets()])


## A server and a client; returns what the server has got, with its signals.
static func _hold_a_session() -> Array:
	var host: MultiplayerPeer = TungstenWebSocketMultiplayerPeer.new()
	var client: MultiplayerPeer = TungstenWebSocketMultiplayerPeer.new()
	var seen := []
	host.peer_connected.connect(func(_id: int) -> void: seen.append("in"))
	host.peer_disconnected.connect(func(_id: int) -> void: seen.append("out"))
	if host.create_server(0, "127.0.0.1") != OK or client.create_client("ws://127.0.0.1:%d" % host.get_local_port()) != OK:
		return ["it does not start"]
	var deadline := Time.get_ticks_msec() + LIMIT_MSEC
	var sent := 0
	while not seen.has("out") and Time.get_ticks_msec() < deadline:
		host.poll()
		client.poll()
		while client.get_connection_status() == MultiplayerPeer.CONNECTION_CONNECTED and sent < PACKETS:
			client.put_packet([sent])
			sent += 1
			if sent == PACKETS:
				client.disconnect_peer(1)
		while host.get_available_packet_count() > 0:
			seen.append(host.get_packet()[0])
	return seen


static func _all_packets() -> Array:
	return ["in"] + range(PACKETS) + ["out"]


## Runs each in a thread of its own, and returns what they have returned.
func _in_threads(work: Array[Callable]) -> Array:
	var threads: Array[Thread] = []
	for story in work:
		threads.append(Thread.new())
		expect_eq(threads[-1].start(story), OK)
	await until(func() -> bool: return threads.all(func(thread: Thread) -> bool: return not thread.is_alive()), 15.0)
	return threads.map(func(thread: Thread) -> Variant: return thread.wait_to_finish())
