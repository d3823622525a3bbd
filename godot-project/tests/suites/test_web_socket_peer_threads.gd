extends "res://tests/peer_suite.gd"
## Peers in threads of GDScript.

const _LIMIT_MSEC := 5000


## G2
func test_when_a_peer_lives_in_a_thread_then_it_works() -> void:
	var url := server(["upgrade", "echo"]).url
	expect_eq(await _in_threads([_echo_once.bind(url, null)]), [["hello", 1000]])


## G2
func test_when_a_peer_lives_in_a_thread_then_tls_works() -> void:
	var url := server([{"tls": "good"}, "upgrade", "echo"]).url
	expect_eq(await _in_threads([_echo_once.bind(url, trusting())]), [["hello", 1000]])


## G2
func test_when_a_name_is_looked_up_in_a_thread_then_it_works() -> void:
	var url := "ws://localhost:%d" % server(["upgrade", "echo"]).port
	expect_eq(await _in_threads([_echo_once.bind(url, null)]), [["hello", 1000]])


## G2
func test_when_several_threads_have_peers_then_all_of_them_work() -> void:
	var work: Array[Callable] = []
	for _thread in 6:
		work.append(_echo_once.bind(server(["upgrade", "echo"]).url, null))
	var results := await _in_threads(work)
	expect_eq(results.size(), 6)
	for result: Variant in results:
		expect_eq(result, ["hello", 1000])


## G2
func test_when_an_open_peer_is_dropped_in_a_thread_then_the_server_is_told_1001() -> void:
	var counterpart := server(["upgrade", "hold"])
	expect_eq(await _in_threads([_open_and_drop.bind(counterpart.url)]), [OPEN])
	await expect_close_seen(counterpart, 1001, "")


## G2
func test_when_a_connection_fails_in_a_thread_then_the_reason_is_told() -> void:
	var url := "ws://127.0.0.1:%d" % testkit().closed_port()
	expect_eq(await _in_threads([_fail.bind(url)]), [WebSocketError.KIND_CONNECTION_REFUSED])


## G2
func test_when_a_peer_made_on_the_main_thread_is_polled_in_a_thread_then_it_works() -> void:
	var peer := connecting(server(["upgrade", "echo"]).url)
	expect_eq(await _in_threads([_echo_with.bind(peer)]), [["hello", 1000]])
	expect_close(peer, 1000, "")


## G2
func test_when_a_client_lives_in_a_thread_then_its_signals_are_emitted_there() -> void:
	var url := server(["upgrade", {"text": "hi"}, {"close": [1000, "bye"]}, "hold"]).url
	var signals := ["established", "data", "close request", "closed"]
	expect_eq(await _in_threads([_listen_to_client.bind(url)]), [signals])


## Runs each of these in a thread of its own and returns their results. What they are given is a semaphore that is posted
## once a frame.
func _in_threads(work: Array[Callable]) -> Array:
	var threads: Array[Thread] = []
	var frames: Array[Semaphore] = []
	for callable in work:
		frames.append(Semaphore.new())
		threads.append(Thread.new())
		threads[-1].start(_call_with.bind(callable, frames[-1]))
	await until(func() -> bool:
		for frame in frames:
			frame.post()
		return threads.all(func(thread: Thread) -> bool: return not thread.is_alive()), 10.0, "the end of all threads")
	return threads.map(func(thread: Thread) -> Variant: return thread.wait_to_finish())


static func _call_with(work: Callable, frames: Semaphore) -> Variant:
	return work.call(frames)


static func _echo_once(frames: Semaphore, url: String, options: TLSOptions) -> Array:
	var peer := TungstenWebSocketPeer.new()
	peer.connect_to_url(url, options)
	return _echo_with(frames, peer)


static func _echo_with(frames: Semaphore, peer: TungstenWebSocketPeer) -> Array:
	_poll_until_state(frames, peer, OPEN)
	peer.send_text("hello")
	var deadline := Time.get_ticks_msec() + _LIMIT_MSEC
	while peer.get_available_packet_count() == 0 and Time.get_ticks_msec() < deadline:
		frames.wait()
		peer.poll()
	var text := peer.get_packet().get_string_from_utf8()
	peer.close()
	_poll_until_state(frames, peer, CLOSED)
	return [text, peer.get_close_code()]


static func _open_and_drop(frames: Semaphore, url: String) -> TungstenWebSocketPeer.State:
	var peer := TungstenWebSocketPeer.new()
	peer.connect_to_url(url)
	_poll_until_state(frames, peer, OPEN)
	return peer.get_ready_state()


static func _fail(frames: Semaphore, url: String) -> int:
	var peer := TungstenWebSocketPeer.new()
	peer.connect_to_url(url)
	_poll_until_state(frames, peer, CLOSED)
	return peer.get_last_error().get_kind()


static func _listen_to_client(frames: Semaphore, url: String) -> Array:
	var signals := []
	var client := WebSocketClient.new()
	client.connection_established.connect(func(_protocol: String) -> void: signals.append("established"))
	client.data_received.connect(func() -> void: signals.append("data"))
	client.server_close_request.connect(func(_code: int, _reason: String) -> void: signals.append("close request"))
	client.connection_closed.connect(func(_clean: bool) -> void: signals.append("closed"))
	client.connect_to_url(url)
	var deadline := Time.get_ticks_msec() + _LIMIT_MSEC
	while not signals.has("closed") and Time.get_ticks_msec() < deadline:
		frames.wait()
		client.poll()
	return signals


static func _poll_until_state(frames: Semaphore, peer: TungstenWebSocketPeer, state: TungstenWebSocketPeer.State) -> void:
	var deadline := Time.get_ticks_msec() + _LIMIT_MSEC
	while peer.get_ready_state() != state and Time.get_ticks_msec() < deadline:
		frames.wait()
		peer.poll()
