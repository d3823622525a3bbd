extends "res://tests/client_suite.gd"
## Which signals come, and in which order.


func test_when_the_server_sends_and_closes_then_the_signals_are_in_order() -> void:
	listen_to(server(["upgrade", {"text": "one"}, {"text": "two"}, {"close": [4001, "bye"]}, "hold"]).url)
	await until_heard("connection_closed")
	expect_eq(heard, [
		["connection_established", ""],
		["data_received"],
		["data_received"],
		["server_close_request", 4001, "bye"],
		["connection_closed", true],
	])
	await poll_on()
	expect_eq(heard.size(), 5, "nothing comes after the end")


func test_when_all_comes_in_one_segment_then_the_signals_are_in_order() -> void:
	var script := ["cork", "upgrade", {"text": "one"}, {"binary": [2]}, {"close": [1000, ""]}, "uncork", "hold"]
	listen_to(server(script).url)
	await until_heard("connection_closed")
	var names := ["connection_established", "data_received", "data_received", "server_close_request", "connection_closed"]
	expect_eq(names_heard(), names)


func test_when_nobody_listens_then_there_is_a_connection_error() -> void:
	listen_to("ws://127.0.0.1:%d" % testkit().closed_port())
	expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTING)
	await until_heard("connection_error")
	await poll_on()
	expect_eq(heard, [["connection_error"]])
	expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)


func test_when_the_server_refuses_then_there_is_a_connection_error() -> void:
	listen_to(server([{"respond": {"head": ["HTTP/1.1 404 Not Found", "Content-Length: 0"]}}, "hold"]).url)
	await until_heard("connection_error")
	await poll_on()
	expect_eq(heard, [["connection_error"]])
	expect_eq(client.get_peer(1).get_last_error().get_http_status(), 404)


func test_when_the_game_disconnects_then_the_end_is_clean() -> void:
	var counterpart := server(["upgrade", "answer_close", "hold"])
	listen_to(counterpart.url)
	await until_heard("connection_established")
	expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED)
	client.disconnect_from_host(4001, "bye")
	expect_eq(heard.size(), 1, "no signal comes from inside the call")
	await until_heard("connection_closed")
	await poll_on()
	expect_eq(heard, [["connection_established", ""], ["connection_closed", true]])
	expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)
	expect_eq(Testkit.named(counterpart.report(), "close")[0][1], "bye")


func test_when_the_stream_just_ends_then_the_end_is_not_clean() -> void:
	listen_to(server(["upgrade", {"text": "last"}, "fin", "hold"]).url)
	await until_heard("connection_closed")
	expect_eq(heard, [["connection_established", ""], ["data_received"], ["connection_closed", false]])


func test_when_the_game_disconnects_while_connecting_then_no_signal_comes() -> void:
	listen_to(server(["stall"]).url)
	client.poll()
	client.disconnect_from_host()
	await poll_on()
	expect_eq(heard, [])
	expect_eq(client.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED)


func test_when_a_protocol_is_chosen_then_the_signal_tells_it() -> void:
	listen()
	var url := server(["upgrade", "echo"]).url
	expect_eq(client.connect_to_url(url, ["chat", "game"]), OK)
	await until_heard("connection_established")
	expect_eq(heard, [["connection_established", "chat"]])


func test_when_data_is_received_then_it_is_read_from_the_peer() -> void:
	listen_to(server(["upgrade", {"text": "one"}, {"binary": [2]}, "echo"]).url)
	await until_heard("data_received", 2)
	var peer := client.get_peer(1)
	expect_eq(peer.get_packet().get_string_from_utf8(), "one")
	expect_eq(peer.was_string_packet(), true)
	expect_eq(peer.get_packet(), PackedByteArray([2]))
	expect_eq(peer.was_string_packet(), false)
	peer.set_write_mode(TungstenWebSocketPeer.WRITE_MODE_TEXT)
	expect_eq(peer.put_packet("three".to_utf8_buffer()), OK)
	await until_heard("data_received", 3)
	expect_eq(peer.get_packet().get_string_from_utf8(), "three")
	expect_eq(peer.was_string_packet(), true)


func test_when_a_handler_reads_all_packets_then_it_is_not_called_for_them_again() -> void:
	listen()
	client.data_received.connect(_read_all)
	expect_eq(client.connect_to_url(server(["cork", "upgrade", {"text": "1"}, {"text": "2"}, {"text": "3"}, "uncork", "echo"]).url), OK)
	await until_heard("data_received")
	await poll_on()
	expect_eq(names_heard(), ["connection_established", "data_received"])
	expect_eq(client.get_peer(1).get_available_packet_count(), 0)


func test_when_connected_again_then_the_signals_come_again() -> void:
	var url := server(["upgrade", {"close": [1000, ""]}, "hold"]).url
	listen_to(url)
	await until_heard("connection_closed")
	expect_eq(client.connect_to_url(url), OK)
	await until_heard("connection_closed", 2)
	var once := ["connection_established", "server_close_request", "connection_closed"]
	expect_eq(names_heard(), once + once)


func _read_all() -> void:
	while client.get_peer(1).get_available_packet_count() > 0:
		client.get_peer(1).get_packet()
