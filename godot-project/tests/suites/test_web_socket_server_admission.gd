extends "res://tests/server_suite.gd"
## Who is let in: the filter, origins, and how many. What a filter must not do by mistake is in
## [code]test_web_socket_server_filter.gd[/code].

## What a filter returns for a client that is welcome: HTTP's Switching Protocols.
const WELCOME := 101

## What the filter was asked.
var _asked: Array[Array] = []
## What it answers.
var _answer: Variant = WELCOME


func test_when_the_filter_says_101_then_the_client_is_in() -> void:
	start()
	host.request_filter = _filter
	var client := TungstenWebSocketPeer.new()
	client.handshake_headers = ["X-Token: secret"]
	clients.append(client)
	expect_eq(client.connect_to_url(url("/game?token=1")), OK)
	await until_heard("client_connected")
	expect_eq(_asked.size(), 1)
	expect_eq([_asked[0][0], _asked[0][2]], ["/game?token=1", "127.0.0.1"])
	expect_true(_asked[0][1] is PackedStringArray and Array(_asked[0][1]).has("X-Token: secret"), str(_asked))


func test_when_the_filter_says_403_then_the_client_is_out() -> void:
	start()
	host.request_filter = _filter
	_answer = 403
	await _expect_refused(403)
	expect_eq([_asked.size(), heard], [1, []])
	_answer = WELCOME
	await join()


func test_when_the_object_of_the_filter_is_freed_then_nobody_comes_in() -> void:
	start()
	var gate := Gate.new()
	host.request_filter = gate.judge
	await join()
	gate.free()
	expect_error("WebSocketServer.request_filter: its object has been freed")
	await _expect_refused(500)


func test_when_headers_cannot_be_sent_then_they_are_refused() -> void:
	prepare()
	expect_error("set_extra_headers: the header \"X: a\\r\\nY: b\" cannot be sent")
	host.set_extra_headers(["X: a\r\nY: b"])
	expect_error("listen: the sub-protocol \"not a token\" cannot be requested")
	expect_eq(host.listen(0, ["not a token"]), ERR_INVALID_PARAMETER)
	expect_true(not host.is_listening())


func test_when_the_filter_stops_the_server_then_the_client_is_out() -> void:
	start()
	host.request_filter = _stop
	var client := knock()
	await until_closed(client)
	await poll_on()
	expect_eq([client.get_last_error() == null, client.get_close_code(), heard], [false, -1, []])


func test_when_the_filter_drops_the_server_then_the_client_is_told() -> void:
	start()
	host.request_filter = _drop
	get_tree().process_frame.connect(host.poll)
	var client := knock()
	await until_closed(client)
	expect_true(host == null)
	expect_eq(client.get_close_code(), 1001)


func test_when_an_origin_is_not_allowed_then_its_pages_are_out() -> void:
	start()
	host.allowed_origins = ["https://game.example"]
	await _expect_refused(403, ["Origin: https://evil.example"])
	var client := TungstenWebSocketPeer.new()
	client.handshake_headers = ["Origin: https://GAME.example"]
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_heard("client_connected")
	# A program that is no browser sends none.
	await join()


func test_when_the_server_is_full_then_more_clients_get_503() -> void:
	start()
	host.max_clients = 2
	host.request_filter = _filter
	var first := await join()
	await join()
	await _expect_refused(503)
	expect_eq(_asked.size(), 2, "the filter is not asked")
	first.close()
	await until_heard("client_disconnected")
	await join()


func test_when_new_connections_are_refused_then_those_that_are_there_go_on() -> void:
	start()
	var first := await join()
	host.refuse_new_connections = true
	expect_eq(host.is_refusing_new_connections(), true)
	var late := knock()
	await until_closed(late)
	first.send_text("still here")
	await until_heard("data_received")
	host.refuse_new_connections = false
	await join()


func test_when_too_many_are_on_their_way_then_the_next_is_turned_away() -> void:
	start()
	host.max_pending_clients = 1
	var first := await connected_stream()
	await poll_on(5)
	var second := await connected_stream()
	await until_so(func() -> bool:
		second.poll()
		return second.get_status() != StreamPeerTCP.STATUS_CONNECTED, "the second is out")
	first.put_data(request().to_ascii_buffer())
	expect_true((await answer_to(first)).begins_with("HTTP/1.1 101 "))


## A client is refused with this status.
func _expect_refused(status: int, headers: PackedStringArray = []) -> void:
	var client := TungstenWebSocketPeer.new()
	client.handshake_headers = headers
	clients.append(client)
	expect_eq(client.connect_to_url(url()), OK)
	await until_closed(client)
	expect_eq(client.get_last_error().get_http_status(), status, client.get_last_error().get_message())


func _filter(target: String, headers: PackedStringArray, address: String) -> Variant:
	_asked.append([target, headers, address])
	return _answer


func _stop(_target: String, _headers: PackedStringArray, _address: String) -> int:
	host.stop()
	return WELCOME


func _drop(_target: String, _headers: PackedStringArray, _address: String) -> int:
	host = null
	return WELCOME


## Lets everybody in.
class Gate:
	extends Object

	func judge(_target: String, _headers: PackedStringArray, _address: String) -> int:
		return WELCOME
