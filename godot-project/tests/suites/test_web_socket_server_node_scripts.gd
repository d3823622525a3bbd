extends "res://tests/server_node_suite.gd"
## Scripts on the node: the engine calls their [code]_ready[/code] and [code]_process[/code] in the place of a class's
## own, and the node has to work all the same.


## A script with all of the functions that the engine calls.
class WithAll:
	extends WebSocketServerNode
	var called: Array[String] = []

	func note(what: String) -> void:
		if not called.has(what):
			called.append(what)

	func _init() -> void:
		note("_init")

	func _enter_tree() -> void:
		note("_enter_tree")

	func _ready() -> void:
		note("_ready")

	func _process(_delta: float) -> void:
		note("_process")

	func _exit_tree() -> void:
		note("_exit_tree")

	func _notification(what: int) -> void:
		if what == NOTIFICATION_READY:
			note("_notification")


## Says where to listen in the last moment, and as whom.
class Late:
	extends WebSocketServerNode
	var late_port := 0

	func _ready() -> void:
		port = late_port
		supported_protocols = ["late"]


## Listens by itself before the node would.
class Listener:
	extends WebSocketServerNode

	func _ready() -> void:
		assert(listen() == OK)


## Says more than that the server goes away.
class Farewell:
	extends WebSocketServerNode

	func _exit_tree() -> void:
		broadcast_text("farewell")
		stop(4000, "done")


func test_when_a_script_has_functions_that_the_engine_calls_then_the_node_works_all_the_same() -> void:
	var scripted := WithAll.new()
	host = scripted
	add()
	var client := await join()
	client.send_text("one")
	await until_heard("message_received")
	remove_child(host)
	await expect_closed(client, 1001)
	expect_eq(heard, [["client_connected", 1, "", "/"], ["message_received", 1, "one"]])
	scripted.called.sort()
	expect_eq(scripted.called, ["_enter_tree", "_exit_tree", "_init", "_notification", "_process", "_ready"])
	host.free()


func test_when_a_script_is_set_on_a_node_that_is_there_then_it_works_all_the_same() -> void:
	add()
	var client := await join()
	host.set_script(WithAll)
	client.send_text("still there")
	await until_heard("message_received")
	remove_child(host)
	await expect_closed(client, 1001)
	host.free()


func test_when_the_script_has_settings_in_ready_then_they_are_in_force() -> void:
	var late := Late.new()
	late.late_port = testkit().closed_port()
	host = late
	add()
	expect_eq(host.get_local_port(), late.late_port)
	var client := TungstenWebSocketPeer.new()
	client.supported_protocols = ["late"]
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_heard("client_connected")
	expect_eq(heard, [["client_connected", 1, "late", "/"]])


func test_when_the_script_listens_in_ready_then_that_is_enough() -> void:
	host = Listener.new()
	add()
	await join()


func test_when_the_script_says_goodbye_in_exit_tree_then_its_clients_hear_it() -> void:
	host = Farewell.new()
	add()
	var client := await join()
	remove_child(host)
	await expect_closed(client, 4000)
	expect_eq(client.get_message(), "farewell")
	host.free()
