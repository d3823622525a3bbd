extends "res://tests/peer_suite.gd"
## Close codes and reasons, from either side.


func test_when_the_server_closes_then_its_code_and_reason_are_told() -> void:
	var counterpart := server(["upgrade", {"close": [4321, "grüße"]}, "hold"])
	var peer := connecting(counterpart.url)
	await until_state(peer, CLOSED)
	expect_close(peer, 4321, "grüße")
	expect_true(peer.get_last_error() == null, "a clean end is no error")
	await expect_close_seen(counterpart, 4321, "grüße")


func test_when_the_server_closes_without_a_code_then_it_is_1005() -> void:
	var peer := connecting(server(["upgrade", "close_empty", "hold"]).url)
	await until_state(peer, CLOSED)
	expect_close(peer, 1005, "")


func test_when_the_game_closes_then_code_and_reason_are_sent() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	var peer := await opened(counterpart.url)
	peer.close(3000, "see you")
	expect_eq(peer.get_ready_state(), CLOSING)
	expect_eq(peer.get_close_code(), -1, "no answer yet")
	await until_state(peer, CLOSED)
	expect_close(peer, 3000, "see you")
	await expect_close_seen(counterpart, 3000, "see you")


func test_when_the_server_answers_with_another_code_then_that_is_told() -> void:
	var peer := await opened(server(["upgrade", "drain", {"close": [4999, "no, you"]}, "hold"]).url)
	peer.close(4000, "you")
	await until_state(peer, CLOSED)
	expect_close(peer, 4999, "no, you")


func test_when_the_game_closes_without_arguments_then_the_code_is_1000() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	var peer := await opened(counterpart.url)
	peer.close()
	await until_state(peer, CLOSED)
	await expect_close_seen(counterpart, 1000, "")


func test_when_the_code_is_negative_then_the_connection_is_dropped_at_once() -> void:
	var counterpart := server(["upgrade", "hold"])
	var peer := await opened(counterpart.url)
	peer.close(-1)
	expect_close(peer, -1, "")
	await counterpart.wait_for("eof")
	expect_eq(Testkit.named(counterpart.report(), "close"), [])


func test_when_the_code_may_not_be_sent_then_nothing_happens() -> void:
	var peer := await opened(server(["upgrade", "echo"]).url)
	for code: int in [0, 5, 999, 1004, 1005, 1006, 1015, 2999, 5000, 70_000]:
		expect_error("close code %d may not be sent" % code)
		peer.close(code, "bad")
		expect_eq(peer.get_ready_state(), OPEN)
	expect_eq(peer.send_text("still open"), OK)
	expect_eq(await next_packet(peer), "still open")


func test_when_closed_twice_then_the_first_counts() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	var peer := await opened(counterpart.url)
	peer.close(4001, "first")
	peer.close(4002, "second")
	await until_state(peer, CLOSED)
	await expect_close_seen(counterpart, 4001, "first")


func test_when_closed_while_connecting_then_the_state_is_closed_at_once() -> void:
	var counterpart := server(["stall"])
	var peer := connecting(counterpart.url)
	peer.close()
	expect_close(peer, -1, "")
	peer.poll()
	expect_eq(peer.get_ready_state(), CLOSED)


func test_when_the_last_reference_is_dropped_then_the_server_is_told_1001() -> void:
	var counterpart := server(["upgrade", "hold"])
	var peer := await opened(counterpart.url)
	expect_eq(peer.send_text("queued before"), OK)
	peer = null
	await expect_close_seen(counterpart, 1001, "")
	expect_eq(Testkit.named(counterpart.report(), "text"), ["queued before"])


func test_when_the_last_reference_is_dropped_over_tls_then_the_server_is_told_1001() -> void:
	var counterpart := server([{"tls": "good"}, "upgrade", "hold"])
	var peer := await opened(counterpart.url, trusting())
	expect_eq(peer.get_ready_state(), OPEN)
	peer = null
	await expect_close_seen(counterpart, 1001, "")


func test_when_a_connection_has_ended_then_its_close_frame_stays_known_until_the_next_one() -> void:
	var counterpart := server(["upgrade", {"close": [4001, "bye"]}, "hold"])
	var peer := connecting(counterpart.url)
	await until_state(peer, CLOSED)
	expect_error("connect_to_url: the URL is empty")
	expect_eq(peer.connect_to_url(""), ERR_INVALID_PARAMETER)
	expect_close(peer, 4001, "bye")
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	expect_eq([peer.get_close_code(), peer.get_close_reason()], [-1, ""])
