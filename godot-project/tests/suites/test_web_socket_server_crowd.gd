extends "res://tests/server_suite.gd"
## Many clients at once: each is heard as often as it has spoken.

const _CLIENTS := 500
const _MESSAGES := 20

## By client: how many echoes have come back.
var _echoes := PackedInt32Array()
## By id: how often each signal has come.
var _counts := {}


func _init() -> void:
	deadline_s = 60.0


func test_when_500_clients_talk_and_leave_then_each_signal_comes_as_often_as_it_should() -> void:
	_start_echo()
	for _index in _CLIENTS:
		knock()
	await until_so(func() -> bool: return _total("connected") == _CLIENTS and clients.all(_is_open), "all are in", 15.0)
	for client in clients:
		for index in _MESSAGES:
			expect_eq(client.send_text("message %d" % index), OK)
	_echoes.resize(_CLIENTS)
	await until_so(_have_all_echoes, "all echoes are back", 20.0)
	for index in _CLIENTS:
		if index % 2 == 0:
			clients[index].close(4000, "done")
		else:
			clients[index].close(-1)
	await until_so(func() -> bool: return _total("clean") + _total("cut") == _CLIENTS, "all are out", 15.0)
	await poll_on()
	expect_eq([_total("clean"), _total("cut"), _total("close_request")], [_CLIENTS / 2, _CLIENTS / 2, _CLIENTS / 2])
	for id: int in _counts:
		var counts: Dictionary = _counts[id]
		expect_eq([counts["connected"], counts["data"]], [1, _MESSAGES])
		expect_eq(counts.get("clean", 0) + counts.get("cut", 0), 1)
		expect_eq(counts.get("close_request", 0), counts.get("clean", 0))
	expect_eq([_counts.size(), host.get_peers().size()], [_CLIENTS, 0])


func _start_echo() -> void:
	host = WebSocketServer.new()
	host.bind_ip = "127.0.0.1"
	host.client_connected.connect(func(id: int, _protocol: String, _target: String) -> void: _note(id, "connected"))
	host.client_disconnected.connect(func(id: int, clean: bool) -> void: _note(id, "clean" if clean else "cut"))
	host.client_close_request.connect(_on_close_request)
	host.data_received.connect(_echo)
	expect_eq(host.listen(0), OK)


func _echo(id: int) -> void:
	_note(id, "data")
	expect_eq(host.get_peer(id).send(host.get_peer(id).get_packet(), TungstenWebSocketPeer.WRITE_MODE_TEXT), OK)


func _on_close_request(id: int, code: int, reason: String) -> void:
	_note(id, "close_request")
	expect_eq([code, reason], [4000, "done"])


func _note(id: int, what: String) -> void:
	var counts: Dictionary = _counts.get_or_add(id, {})
	counts[what] = counts.get(what, 0) + 1


func _total(what: String) -> int:
	var total := 0
	for counts: Dictionary in _counts.values():
		total += counts.get(what, 0)
	return total


func _is_open(client: TungstenWebSocketPeer) -> bool:
	return client.get_ready_state() == OPEN


## Reads the echoes of all clients, which have to come in their order.
func _have_all_echoes() -> bool:
	var done := true
	for index in _CLIENTS:
		while clients[index].get_available_packet_count() > 0:
			expect_eq(clients[index].get_message(), "message %d" % _echoes[index])
			_echoes[index] += 1
		done = done and _echoes[index] == _MESSAGES
	return done
