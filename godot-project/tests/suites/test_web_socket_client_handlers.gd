extends "res://tests/client_suite.gd"
## Handlers of signals may do anything, from inside of the poll that has called them.
##
## Only a node has a reference to the client, and the tree polls it through a callable, which is none: so the game can
## drop the last reference while a poll goes on.

## The signals, each with what the server does to have it emitted.
const _SCRIPTS := {
	"connection_established": ["upgrade", "echo"],
	"data_received": ["upgrade", {"text": "one"}, {"text": "two"}, "echo"],
	"server_close_request": ["upgrade", {"text": "one"}, {"close": [4001, "bye"]}, "hold"],
	"connection_closed": ["upgrade", {"text": "one"}, {"close": [4001, "bye"]}, "hold"],
}

var _holder: Holder = null
var _url := ""
## How often the handler has run.
var _handled := 0


## G1
func test_when_connection_established_drops_the_client_then_it_is_gone() -> void:
	await _expect_gone("connection_established", _drop)


## G1
func test_when_data_received_drops_the_client_then_it_is_gone() -> void:
	await _expect_gone("data_received", _drop)


## G1
func test_when_server_close_request_drops_the_client_then_it_is_gone() -> void:
	await _expect_gone("server_close_request", _drop)


## G1
func test_when_connection_closed_drops_the_client_then_it_is_gone() -> void:
	await _expect_gone("connection_closed", _drop)


## G1
func test_when_connection_error_drops_the_client_then_it_is_gone() -> void:
	await _expect_gone("connection_error", _drop)


## G1
func test_when_connection_established_frees_its_node_then_the_client_is_gone() -> void:
	await _expect_gone("connection_established", _free_holder)


## G1
func test_when_data_received_frees_its_node_then_the_client_is_gone() -> void:
	await _expect_gone("data_received", _free_holder)


## G1
func test_when_server_close_request_frees_its_node_then_the_client_is_gone() -> void:
	await _expect_gone("server_close_request", _free_holder)


## G1
func test_when_connection_closed_frees_its_node_then_the_client_is_gone() -> void:
	await _expect_gone("connection_closed", _free_holder)


## G1
func test_when_connection_error_frees_its_node_then_the_client_is_gone() -> void:
	await _expect_gone("connection_error", _free_holder)


## G1
func test_when_connection_established_disconnects_then_the_connection_closes() -> void:
	await _start("connection_established", _disconnect)
	await until_heard("connection_closed")
	expect_eq(heard, [["connection_established", ""], ["connection_closed", true]])


## G1
func test_when_data_received_disconnects_then_the_connection_closes() -> void:
	await _start("data_received", _disconnect)
	await until_heard("connection_closed")
	expect_eq(heard[-1], ["connection_closed", true])
	expect_eq(times_heard("connection_closed"), 1)


## G1
func test_when_server_close_request_disconnects_then_the_connection_closes_once() -> void:
	await _expect_end_once("server_close_request", ["connection_closed", true])


## G1
func test_when_connection_closed_disconnects_then_nothing_follows() -> void:
	await _expect_end_once("connection_closed", ["connection_closed", true])


## G1
func test_when_connection_error_disconnects_then_nothing_follows() -> void:
	await _expect_end_once("connection_error", ["connection_error"])


## G1
func test_when_connection_closed_reconnects_then_there_is_another_connection() -> void:
	await _start("connection_closed", _reconnect)
	await until_heard("connection_closed", 3)
	expect_eq(times_heard("connection_established"), 3)


## G1
func test_when_connection_error_reconnects_then_there_is_a_connection() -> void:
	await _start("connection_error", _reconnect_elsewhere)
	await until_heard("connection_established")
	expect_eq(names_heard(), ["connection_error", "connection_established"])


## G1
func test_when_connection_error_reconnects_in_vain_then_there_are_more_errors() -> void:
	await _start("connection_error", _reconnect)
	await until_heard("connection_error", 3)


## G1
func test_when_server_close_request_reconnects_then_only_the_new_connection_is_told_of() -> void:
	await _start("server_close_request", _reconnect_elsewhere)
	await until_heard("connection_established", 2)
	await poll_on()
	expect_eq(times_heard("connection_closed"), 0)


## G1
func test_when_connection_established_sends_then_the_server_answers() -> void:
	await _start("connection_established", _send)
	await until_heard("data_received")
	expect_eq(_holder.client.get_peer(1).get_packet().get_string_from_utf8(), "from a handler")


## G1
func test_when_data_received_sends_then_the_messages_go_round() -> void:
	await _start("data_received", _send_back)
	await until_heard("data_received", 20)
	expect_eq(times_heard("connection_closed"), 0)


## G1
func test_when_a_handler_polls_then_the_order_stays() -> void:
	await _start("data_received", _poll)
	await until_heard("data_received", 2)
	await poll_on()
	expect_eq(names_heard(), ["connection_established", "data_received", "data_received"])


## G1
func test_when_a_handler_connects_while_open_then_that_is_refused() -> void:
	await _start("connection_established", _connect_while_open)
	await until_heard("connection_established")
	await poll_on()
	expect_eq(names_heard(), ["connection_established"])


## G1
func test_when_the_node_polls_and_goes_away_in_a_handler_then_the_client_is_gone() -> void:
	await _start("data_received", _queue_free_holder, false)
	_holder.polls = true
	var reference: WeakRef = weakref(_holder.client)
	await until(func() -> bool: return not is_instance_valid(_holder))
	expect_true(reference.get_ref() == null)
	expect_true(_handled > 0)


## Connects a client that runs the handler whenever this signal comes.
func _start(name: String, handler: Callable, polled_by_tree := true) -> void:
	_url = "ws://127.0.0.1:%d" % testkit().closed_port() if not _SCRIPTS.has(name) else server(_SCRIPTS[name]).url
	_holder = Holder.new()
	add_child(_holder)
	listen_to(_url)
	var arguments := _argument_count(Signal(client, name))
	var listener := _handle.bind(handler)
	client.connect(name, listener.unbind(arguments) if arguments > 0 else listener)
	if polled_by_tree:
		get_tree().process_frame.connect(client.poll)
	_holder.client = client
	client = null


func _expect_gone(name: String, handler: Callable) -> void:
	await _start(name, handler)
	var reference: WeakRef = weakref(_holder.client)
	await until(func() -> bool: return reference.get_ref() == null, 5.0, func() -> String:
		return "the client is gone, heard was: %s" % [heard])
	expect_true(_handled > 0)
	# The poll that has called the handler may have had more to tell; after it, nothing comes.
	var heard_before := heard.size()
	await poll_on()
	expect_eq(heard.size(), heard_before)


func _expect_end_once(name: String, end: Array) -> void:
	await _start(name, _disconnect)
	await until_heard(end[0])
	await poll_on()
	expect_eq(heard[-1], end)
	expect_eq([_handled, times_heard(end[0])], [1, 1])


func _handle(handler: Callable) -> void:
	_handled += 1
	handler.call()


func _drop() -> void:
	_holder.client = null


func _free_holder() -> void:
	if is_instance_valid(_holder):
		_holder.free()


func _queue_free_holder() -> void:
	_holder.queue_free()


func _disconnect() -> void:
	_holder.client.disconnect_from_host(4000, "from a handler")


func _reconnect() -> void:
	expect_eq(_holder.client.connect_to_url(_url), OK)


func _reconnect_elsewhere() -> void:
	expect_eq(_holder.client.connect_to_url(server(["upgrade", "echo"]).url), OK)


func _connect_while_open() -> void:
	expect_eq(_holder.client.connect_to_url(_url), ERR_ALREADY_IN_USE)


func _poll() -> void:
	_holder.client.poll()


func _send() -> void:
	expect_eq(_holder.client.get_peer(1).put_packet("from a handler".to_utf8_buffer()), OK)


func _send_back() -> void:
	var peer := _holder.client.get_peer(1)
	while peer.get_available_packet_count() > 0:
		expect_eq(peer.put_packet(peer.get_packet()), OK)


## Owns the client.
class Holder:
	extends Node

	var client: WebSocketClient = null
	var polls := false

	func _process(_delta: float) -> void:
		if polls:
			client.poll()
