extends "res://tests/multiplayer_suite.gd"
## Many clients at once.

const POLLS_PER_SECOND := 60
## As many as an engine has room for where a process may have 1024 files: both ends are in it.
const IDLE := 400
const FEW := 4
## A poll that asked each client would take some hundred times as long.
const FACTOR_MAX := 10.0


func _init() -> void:
	deadline_s = 60.0


## F2: the engine's class lets in one with each poll.
func test_when_100_clients_come_at_once_then_all_are_in_within_the_polls_of_a_second() -> void:
	serve()
	for number in 100:
		knock("C%d" % number)
	var polls := [0]
	await until(func() -> bool:
		polls[0] += 1
		poll_all()
		return heard.size() == 200, 20.0, "all are in")
	expect_true(polls[0] <= POLLS_PER_SECOND, "%d polls" % polls[0])


## F3
func test_when_clients_are_idle_then_they_do_not_make_a_poll_longer() -> void:
	serve()
	await _join_until(FEW)
	var with_few := _poll_duration()
	await _join_until(IDLE)
	var with_many := _poll_duration()
	expect_true(with_many < with_few * FACTOR_MAX, "%.2f us, with few %.2f us" % [with_many, with_few])


## A broadcast to many, answered by all.
func test_when_all_answer_a_broadcast_then_each_answer_comes_once() -> void:
	serve()
	await _join_until(100)
	for round_number in 10:
		expect_eq(put(SERVER, [round_number]), OK)
	var answers := {}
	await until_so(func() -> bool:
		for number in 100:
			for packet in take_all("C%d" % number):
				put("C%d" % number, packet[1])
		for packet in take_all(SERVER):
			answers.get_or_add(packet[0], []).append(packet[1][0])
		return answers.values().all(func(numbers: Array) -> bool: return numbers.size() == 10) and answers.size() == 100,
		"all answers", 20.0)
	expect_true(answers.values().all(func(numbers: Array) -> bool: return numbers == range(10)), "each in order")


func _join_until(count: int) -> void:
	for number in range(peers.size() - 1, count):
		knock("C%d" % number)
	await until_so(func() -> bool: return heard.size() == count * 2, "%d are in" % count, 20.0)
	await poll_on()


## How long a poll of the server takes, in microseconds: the best of some rounds, as others use the processor too.
func _poll_duration() -> float:
	var host: MultiplayerPeer = peers[SERVER]
	var best := INF
	for _round in 20:
		var start := Time.get_ticks_usec()
		for _poll in 100:
			host.poll()
		best = minf(best, (Time.get_ticks_usec() - start) / 100.0)
	return best
