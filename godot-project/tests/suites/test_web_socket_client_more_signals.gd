extends "res://tests/client_suite.gd"
## The signals that Godot 3 did not have: messages with their content, and why a connection has failed.


func test_when_message_received_is_connected_then_messages_come_with_it() -> void:
	var script := ["upgrade", {"text": "grün"}, {"binary": [1, 2]}, {"text": ""}, {"close": [1000, ""]}, "hold"]
	listen()
	client.data_received.disconnect(_on_data_received)
	client.message_received.connect(_on_message_received)
	expect_eq(client.connect_to_url(server(script).url), OK)
	await until_heard("connection_closed")
	expect_eq(heard, [
		["connection_established", ""],
		["message_received", "grün"],
		["message_received", PackedByteArray([1, 2])],
		["message_received", ""],
		["server_close_request", 1000, ""],
		["connection_closed", true],
	])
	expect_eq(client.get_peer(1).get_available_packet_count(), 0)


func test_when_message_received_is_disconnected_then_messages_wait_to_be_read() -> void:
	var counterpart := server(["upgrade", {"text": "one"}, {"wait": "go on"}, {"text": "two"}, "echo"])
	listen()
	client.message_received.connect(_on_message_received)
	expect_eq(client.connect_to_url(counterpart.url), OK)
	await until_heard("data_received")
	client.message_received.disconnect(_on_message_received)
	counterpart.release("go on")
	await until_heard("data_received", 2)
	expect_eq(names_heard(), ["connection_established", "message_received", "data_received", "data_received"])
	expect_eq(client.get_peer(1).get_message(), "two")


func test_when_nobody_listens_then_failed_says_why_before_connection_error() -> void:
	listen()
	client.failed.connect(_on_failed)
	expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % testkit().closed_port()), OK)
	await until_heard("connection_error")
	await poll_on()
	expect_eq(heard, [["failed", WebSocketError.KIND_CONNECTION_REFUSED], ["connection_error"]])


func test_when_the_server_refuses_then_failed_has_its_status() -> void:
	listen()
	client.failed.connect(_on_failed)
	var statuses := []
	client.failed.connect(func(error: WebSocketError) -> void: statuses.append(error.get_http_status()))
	var refusal := {"respond": {"head": ["HTTP/1.1 401 Unauthorized", "Content-Length: 0"]}}
	expect_eq(client.connect_to_url(server([refusal, "hold"]).url), OK)
	await until_heard("connection_error")
	expect_eq([heard, statuses], [[["failed", WebSocketError.KIND_HTTP_STATUS], ["connection_error"]], [401]])


func test_when_the_stream_just_ends_then_failed_says_why_before_connection_closed() -> void:
	listen()
	client.failed.connect(_on_failed)
	expect_eq(client.connect_to_url(server(["upgrade", {"text": "last"}, "fin", "hold"]).url), OK)
	await until_heard("connection_closed")
	expect_eq(heard, [
		["connection_established", ""],
		["data_received"],
		["failed", WebSocketError.KIND_CONNECTION_LOST],
		["connection_closed", false],
	])


func test_when_the_end_is_clean_then_nothing_has_failed() -> void:
	listen()
	client.failed.connect(_on_failed)
	expect_eq(client.connect_to_url(server(["upgrade", {"close": [1000, ""]}, "hold"]).url), OK)
	await until_heard("connection_closed")
	expect_eq(times_heard("failed"), 0)


## G1
func test_when_failed_starts_another_connection_then_the_old_one_is_not_told_of_again() -> void:
	var other := server(["upgrade", "echo"]).url
	listen()
	client.failed.connect(_on_failed)
	client.failed.connect(func(_error: WebSocketError) -> void: expect_eq(client.connect_to_url(other), OK))
	expect_eq(client.connect_to_url("ws://127.0.0.1:%d" % testkit().closed_port()), OK)
	await until_heard("connection_established")
	expect_eq(names_heard(), ["failed", "connection_established"])


## G1
func test_when_message_received_drops_the_client_then_it_is_gone() -> void:
	listen()
	client.message_received.connect(_on_message_received)
	client.message_received.connect(func(_data: Variant) -> void: client = null)
	var reference: WeakRef = weakref(client)
	expect_eq(client.connect_to_url(server(["upgrade", {"text": "one"}, {"text": "two"}, "echo"]).url), OK)
	get_tree().process_frame.connect(client.poll)
	await until(func() -> bool: return reference.get_ref() == null)
	expect_eq(heard[0][0], "connection_established")


func _on_message_received(data: Variant) -> void:
	heard.append(["message_received", data])


func _on_failed(error: WebSocketError) -> void:
	heard.append(["failed", error.get_kind()])
