extends "res://tests/server_suite.gd"
## Handlers of signals may do anything, from inside of the poll that has called them.

## The signals; [method _play] has each of them emitted.
const _SIGNALS := ["client_connected", "data_received", "client_close_request", "client_disconnected"]

## How often the handler has run.
var _handled := 0


## G1
func test_when_a_handler_stops_the_server_then_nothing_follows_and_the_client_is_told() -> void:
	for name: String in _SIGNALS:
		await _play(name, _stop)
		expect_eq(heard[-1][0], name)
		expect_eq([_handled, host.is_listening(), host.get_peers().size()], [1, false, 0], name)


## G1
func test_when_a_handler_disconnects_the_client_then_the_connection_ends_once() -> void:
	for name: String in ["client_connected", "data_received", "client_close_request"]:
		await _play(name, _disconnect)
		expect_eq([times_heard("client_disconnected"), heard[-1]], [1, ["client_disconnected", 2, true]], name)


## G1
func test_when_a_handler_drops_the_client_then_nothing_follows() -> void:
	for name: String in ["client_connected", "data_received"]:
		await _play(name, _abort)
		expect_eq([heard[-1][0], _handled, host.get_peers()], [name, 1, PackedInt32Array([ids[0]])], name)


## G1
func test_when_a_handler_drops_the_client_that_has_just_left_then_its_end_is_told_once() -> void:
	await _play("client_close_request", _abort)
	expect_eq([heard[-1], times_heard("client_disconnected")], [["client_disconnected", 2, true], 1])


## G1
func test_when_a_handler_disconnects_a_client_that_has_gone_then_nothing_follows() -> void:
	await _play("client_disconnected", _disconnect)
	expect_eq([_handled, heard[-1][0]], [1, "client_disconnected"])


## G1
func test_when_a_handler_drops_the_server_then_it_is_gone() -> void:
	for name: String in _SIGNALS:
		await _play(name, _drop)
		expect_true(host == null and _handled > 0, name)


## G1
func test_when_a_handler_sends_then_the_client_gets_it() -> void:
	for name: String in ["client_connected", "data_received"]:
		await _play(name, _send)
		expect_eq(clients[1].get_message(), "from a handler", name)


## G1
func test_when_a_handler_sends_to_a_client_that_leaves_then_that_is_refused() -> void:
	for name: String in ["client_close_request", "client_disconnected"]:
		await _play(name, _send_in_vain)
		expect_eq(_handled, 1, name)


## G1
func test_when_a_handler_broadcasts_then_the_others_get_it() -> void:
	for name: String in _SIGNALS:
		await _play(name, _broadcast)
		expect_eq(clients[0].get_message(), "to all", name)


## G1
func test_when_a_handler_listens_again_then_new_clients_come_in() -> void:
	for name: String in _SIGNALS:
		await _play(name, _restart)
		host.disconnect(name, _handle)
		expect_eq([_handled, host.is_listening()], [1, true], name)
		await join()
		clients[-1].send_text("hello")
		await until_so(func() -> bool: return heard[-1] == ["data_received", ids.size()], name)


## G1
func test_when_a_handler_listens_again_and_polls_then_the_old_clients_are_forgotten() -> void:
	for name: String in _SIGNALS:
		await _play(name, _restart_and_poll)
		host.disconnect(name, _handle)
		expect_eq(host.get_peers().size(), 0, name)
		await join()


## G1
func test_when_a_handler_polls_then_the_order_stays() -> void:
	for name: String in _SIGNALS:
		await _play(name, _poll)
		expect_eq(names_heard(), ["client_connected"] + _SIGNALS, name)


## G1
func test_when_a_handler_changes_the_settings_then_they_are_those_of_the_next_client() -> void:
	await _play("client_connected", _refuse_others)
	expect_eq(_handled, 1)
	await until_closed(knock())


## G1
func test_when_a_handler_of_failed_stops_the_server_then_nothing_follows() -> void:
	for handler: Callable in [_stop, _restart, _restart_and_poll]:
		heard.clear()
		ids.clear()
		clients.clear()
		start()
		host.failed.connect(func(_id: int, _error: WebSocketError) -> void: handler.call())
		var poll := host.poll
		get_tree().process_frame.connect(poll)
		knock()
		await _until_settled()
		clients[0].close(-1)
		await _until_settled()
		expect_eq(names_heard(), ["client_connected", "failed"], str(handler))
		if get_tree().process_frame.is_connected(poll):
			get_tree().process_frame.disconnect(poll)


## While a first client is there, lets a second one connect, say something, and leave; the handler runs with one signal of
## the second.
func _play(name: String, handler: Callable) -> void:
	heard.clear()
	ids.clear()
	clients.clear()
	_handled = 0
	start()
	# The signal has more arguments than the handler wants.
	host.connect(name, _handle.bind(handler))
	# Nothing but the tree polls, through a callable, which is no reference: so the last one can be dropped.
	var poll := host.poll
	get_tree().process_frame.connect(poll)
	knock()
	await _until_settled()
	knock()
	await _until_settled()
	clients[1].send_text("hello")
	await _until_settled()
	clients[1].close(4001, "bye")
	await _until_settled()
	if get_tree().process_frame.is_connected(poll):
		get_tree().process_frame.disconnect(poll)


## Some frames, which are enough on one machine.
func _until_settled() -> void:
	for _frame in 15:
		await get_tree().process_frame
		for client in clients:
			client.poll()


func _handle(id: int, a: Variant, b: Variant = null, c: Variant = null) -> void:
	var handler: Callable = [c, b, a].filter(func(argument: Variant) -> bool: return argument is Callable)[0]
	if ids.find(id) == 1:
		_handled += 1
		handler.call()


func _stop() -> void:
	host.stop()


func _disconnect() -> void:
	host.disconnect_peer(ids[1], 4000, "from a handler")


func _abort() -> void:
	host.disconnect_peer(ids[1], -1)


func _drop() -> void:
	host = null


func _send() -> void:
	expect_eq(peer(2).send_text("from a handler"), OK)


func _send_in_vain() -> void:
	expect_eq(peer(2).send_text("from a handler"), FAILED)


func _broadcast() -> void:
	host.broadcast_text("to all")


func _restart() -> void:
	host.stop()
	expect_eq(host.listen(0), OK)


func _restart_and_poll() -> void:
	_restart()
	host.poll()


func _poll() -> void:
	host.poll()


func _refuse_others() -> void:
	host.refuse_new_connections = true
