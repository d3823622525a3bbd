extends "res://tests/peer_suite.gd"
## What is asked of servers, and what they may answer.


## E1
func test_when_the_answer_is_unusual_but_valid_then_the_connection_opens() -> void:
	var head := [
		"HTTP/1.1 101",
		"upgrade: WebSocket",
		"Connection: keep-alive, Upgrade",
		"Sec-WebSocket-Accept: {accept}",
		"X-Empty:",
		"Set-Cookie: session=%s" % "x".repeat(5 * 1024),
	]
	var peer := await opened(server([{"respond": {"head": head}}, "echo"]).url)
	expect_eq(peer.send_text("hello"), OK)
	expect_eq(await next_packet(peer), "hello")


## E2
func test_when_the_host_is_an_ipv6_address_then_it_keeps_its_brackets_and_the_path_is_encoded() -> void:
	var counterpart := server(["upgrade", "echo"], {"ipv6": true})
	var peer := await opened("ws://[::1]:%d/a b?x=ü#frag" % counterpart.port)
	expect_eq(peer.get_connected_host(), "0:0:0:0:0:0:0:1")
	var lines := await _request_lines(counterpart)
	expect_eq(lines[0], "GET /a%20b?x=%C3%BC HTTP/1.1")
	expect_true(lines.has("Host: [::1]:%d" % counterpart.port), str(lines))


## E3
func test_when_a_query_follows_the_port_then_it_is_sent() -> void:
	var counterpart := server(["upgrade", "echo"])
	await opened("ws://127.0.0.1:%d?token=1" % counterpart.port)
	expect_eq((await _request_lines(counterpart))[0], "GET /?token=1 HTTP/1.1")


## E4
func test_when_the_url_has_credentials_then_they_are_sent() -> void:
	var counterpart := server(["upgrade", "echo"])
	await opened("ws://user:pw@127.0.0.1:%d" % counterpart.port)
	var lines := await _request_lines(counterpart)
	expect_true(lines.has("Authorization: Basic dXNlcjpwdw=="), str(lines))


## E5
func test_when_a_header_has_a_line_break_then_it_is_refused() -> void:
	for header: String in ["X-A: 1\r\nX-B: 2", "X-A: 1\n", "X-A\r: 1", "no colon", ": no name", "Upgrade: other"]:
		var peer := TungstenWebSocketPeer.new()
		peer.handshake_headers = ["X-Fine: yes", header]
		expect_error("the header \"%s\" cannot be sent" % header.c_escape())
		_expect_refused(peer, "ws://127.0.0.1")


## E5
func test_when_a_protocol_has_a_line_break_then_it_is_refused() -> void:
	for protocol: String in ["chat\r\nX-B: 2", "a,b", "a b", "", "grüße"]:
		var peer := TungstenWebSocketPeer.new()
		peer.supported_protocols = ["fine", protocol]
		expect_error("the sub-protocol \"%s\" cannot be requested" % protocol.c_escape())
		_expect_refused(peer, "ws://127.0.0.1")


## E5
func test_when_the_url_has_a_line_break_then_it_is_refused() -> void:
	for url: String in ["ws://127.0.0.1/a\r\nX-B: 2", "ws://127.0.0.1\n/", "\rws://127.0.0.1"]:
		expect_error("the URL cannot be used: it holds a control character")
		_expect_refused(TungstenWebSocketPeer.new(), url)


func test_when_headers_are_set_then_they_are_sent() -> void:
	var counterpart := server(["upgrade", "echo"])
	var peer := TungstenWebSocketPeer.new()
	peer.handshake_headers = ["User-Agent: game/1.0", "X-Name: ü"]
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	await until_state(peer, OPEN)
	var lines := await _request_lines(counterpart)
	expect_true(lines.has("User-Agent: game/1.0") and lines.has("X-Name: ü"), str(lines))


func test_when_protocols_are_requested_then_the_chosen_one_is_told() -> void:
	var counterpart := server([{"upgrade_with": ["Sec-WebSocket-Protocol: superchat"]}, "echo"])
	var peer := TungstenWebSocketPeer.new()
	peer.supported_protocols = [" chat ", "superchat"]
	expect_eq(peer.supported_protocols, PackedStringArray(["chat", "superchat"]), "both ends are trimmed")
	expect_eq(peer.connect_to_url(counterpart.url), OK)
	expect_eq(peer.get_selected_protocol(), "")
	await until_state(peer, OPEN)
	expect_eq(peer.get_selected_protocol(), "superchat")
	var lines := await _request_lines(counterpart)
	expect_true(lines.has("Sec-WebSocket-Protocol: chat, superchat"), str(lines))
	peer.close()
	await until_state(peer, CLOSED)
	expect_eq(peer.get_selected_protocol(), "superchat", "it stays known")


func test_when_connected_then_url_host_and_port_are_told() -> void:
	var counterpart := server(["upgrade", "echo"])
	var url := "ws://user:pw@LOCALHOST:%d/a b#frag" % counterpart.port
	var peer := TungstenWebSocketPeer.new()
	expect_eq([peer.get_connected_host(), peer.get_connected_port()], ["", 0])
	expect_eq(peer.connect_to_url(url), OK)
	expect_eq(peer.get_connected_host(), "", "the name is still looked up")
	await until_state(peer, OPEN)
	expect_eq([peer.get_connected_host(), peer.get_connected_port()], ["127.0.0.1", counterpart.port])
	expect_eq(peer.get_requested_url(), url, "as it was given")
	peer.close(-1)
	expect_eq([peer.get_connected_host(), peer.get_connected_port()], ["", 0])
	expect_eq(peer.get_requested_url(), url, "it stays known")


func test_when_the_address_is_given_then_the_host_is_told_while_connecting() -> void:
	var counterpart := server(["stall"])
	var peer := connecting(counterpart.url)
	expect_eq([peer.get_connected_host(), peer.get_connected_port()], ["127.0.0.1", counterpart.port])


func test_when_no_scheme_is_given_then_it_is_ws() -> void:
	var counterpart := server(["upgrade", "echo"])
	var peer := await opened("127.0.0.1:%d/path" % counterpart.port)
	expect_eq(peer.get_ready_state(), OPEN)
	expect_eq((await _request_lines(counterpart))[0], "GET /path HTTP/1.1")


func _expect_refused(peer: TungstenWebSocketPeer, url: String) -> void:
	expect_eq(peer.connect_to_url(url), ERR_INVALID_PARAMETER)
	expect_eq(peer.get_ready_state(), CLOSED)


func _request_lines(counterpart: Testkit.Server) -> PackedStringArray:
	var requests := Testkit.named(await counterpart.wait_for("request"), "request")
	return requests[0].split("\r\n") if requests.size() == 1 else PackedStringArray(["no request"])
