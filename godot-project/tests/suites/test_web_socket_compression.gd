extends "res://tests/server_suite.gd"
## Compression of messages, as scripts see it, with every class of ours.

const DISABLED := TungstenWebSocketPeer.COMPRESSION_DISABLED
const ENABLED := TungstenWebSocketPeer.COMPRESSION_ENABLED
const TAKEOVER := TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER
const ALONE := {
	"server_no_context_takeover": true, "client_no_context_takeover": true, "server_max_window_bits": 15,
	"client_max_window_bits": 15,
}
const SERVER_ALONE := {
	"server_no_context_takeover": true, "client_no_context_takeover": false, "server_max_window_bits": 15,
	"client_max_window_bits": 15,
}
const TOGETHER := {
	"server_no_context_takeover": false, "client_no_context_takeover": false, "server_max_window_bits": 15,
	"client_max_window_bits": 15,
}

var _text := "position rotation velocity ".repeat(100)


func test_when_both_sides_want_it_then_messages_are_compressed() -> void:
	for mode: Array in [[ENABLED, ENABLED, ALONE], [TAKEOVER, ENABLED, SERVER_ALONE], [ENABLED, TAKEOVER, ALONE], [TAKEOVER, TAKEOVER, TOGETHER]]:
		var client := await _join(mode[0], mode[1])
		expect_eq(client.get_compression_parameters(), mode[2], str(mode))
		expect_eq(host.get_peer(ids[-1]).get_compression_parameters(), mode[2], str(mode))
		await _talk(client)
		expect_true(client.get_compression_ratio() < 0.1, "the client's ratio is %f" % client.get_compression_ratio())
		expect_true(host.get_peer(ids[-1]).get_compression_ratio() < 0.1, "the server's")
		host.stop()


func test_when_one_side_does_not_want_it_then_nothing_is_compressed() -> void:
	for mode: Array in [[DISABLED, TAKEOVER], [TAKEOVER, DISABLED], [DISABLED, DISABLED]]:
		var client := await _join(mode[0], mode[1])
		expect_eq(client.get_compression_parameters(), {}, str(mode))
		await _talk(client)
		expect_eq([client.get_compression_ratio(), host.get_peer(ids[-1]).get_compression_ratio()], [1.0, 1.0], str(mode))
		host.stop()


func test_when_a_message_is_below_the_threshold_then_it_is_sent_as_it_is() -> void:
	var client := await _join(ENABLED, ENABLED)
	client.compression_threshold = _text.length() + 1
	expect_eq(client.send_text(_text), OK)
	await _receive(_text)
	expect_eq(client.get_compression_ratio(), 1.0)
	client.compression_threshold = 0
	expect_eq(client.send_text(_text), OK)
	await _receive(_text)
	expect_true(client.get_compression_ratio() < 0.6, "half of it was compressed")


func test_when_the_level_is_higher_then_there_are_fewer_bytes() -> void:
	var ratios: Array[float] = []
	for level: int in [1, 9]:
		var client := await _join(ENABLED, ENABLED)
		client.compression_level = level
		var lines := PackedStringArray()
		for number in 500:
			lines.append("{\"id\":%d,\"x\":%f,\"y\":%f}" % [number, sin(number), cos(number)])
		expect_eq(client.send_text("\n".join(lines)), OK)
		await _receive("\n".join(lines))
		ratios.append(client.get_compression_ratio())
		host.stop()
	expect_true(ratios[1] < ratios[0], str(ratios))


func test_when_the_connection_has_ended_then_what_was_agreed_on_is_still_told() -> void:
	var client := await _join(ENABLED, ENABLED)
	await _talk(client)
	client.close()
	await until_so(func() -> bool: return client.get_ready_state() == CLOSED, "closed")
	expect_eq(client.get_compression_parameters(), ALONE)
	expect_true(client.get_compression_ratio() < 0.1)


func test_when_a_level_makes_no_sense_then_it_is_refused() -> void:
	var peer := TungstenWebSocketPeer.new()
	for level: int in [0, 10, -1, 1 << 40]:
		expect_error("compression_level: %d is not a level from 1 to 9" % level)
		peer.compression_level = level
	expect_eq([peer.compression, peer.compression_level, peer.compression_threshold], [DISABLED, 2, 256])


func test_when_a_server_broadcasts_then_everybody_gets_it_whatever_was_agreed_on() -> void:
	start()
	host.compression = TAKEOVER
	for mode: int in [DISABLED, ENABLED, TAKEOVER]:
		var client := knock_with(mode)
		await until_so(func() -> bool: return client.get_ready_state() == OPEN, "open")
	await until_so(func() -> bool: return ids.size() == 3, "all are in")
	expect_eq(host.broadcast_text(_text), OK)
	for client in clients:
		await until_so(func() -> bool: return client.get_available_packet_count() == 1, "a message")
		expect_eq(client.get_message(), _text)
	expect_eq(clients.map(func(client: TungstenWebSocketPeer) -> bool: return client.get_compression_ratio() < 0.1), [false, true, true])


func test_when_a_client_or_a_node_is_told_so_then_its_peer_compresses() -> void:
	start()
	host.compression = ENABLED
	var client := WebSocketClient.new()
	client.compression = ENABLED
	expect_eq(client.connect_to_url(url()), OK)
	var node := WebSocketNode.new()
	node.compression = ENABLED
	add_child(node)
	expect_eq(node.open(url()), OK)
	await until_so(func() -> bool:
		client.poll()
		return ids.size() == 2, "both are in")
	await until_so(func() -> bool:
		client.poll()
		return client.get_peer(1).get_compression_parameters() == ALONE and node.get_peer().get_compression_parameters() == ALONE, "agreed")
	node.free()


## A client that has begun to connect.
func knock_with(mode: TungstenWebSocketPeer.Compression) -> TungstenWebSocketPeer:
	var client := TungstenWebSocketPeer.new()
	client.compression = mode
	expect_eq(client.connect_to_url(url()), OK)
	clients.append(client)
	return client


func _join(client_mode: TungstenWebSocketPeer.Compression, server_mode: TungstenWebSocketPeer.Compression) -> TungstenWebSocketPeer:
	start()
	host.compression = server_mode
	var client := knock_with(client_mode)
	var count := ids.size() + 1
	await until_so(func() -> bool: return client.get_ready_state() == OPEN and ids.size() == count, "a client is in")
	return client


## A message goes there and another one back.
func _talk(client: TungstenWebSocketPeer) -> void:
	expect_eq(client.send_text(_text), OK)
	await _receive(_text)
	expect_eq(host.broadcast_text(_text), OK)
	await until_so(func() -> bool: return client.get_available_packet_count() == 1, "the answer")
	expect_eq(client.get_message(), _text)


func _receive(text: String) -> void:
	var peer := host.get_peer(ids[-1])
	await until_so(func() -> bool: return peer.get_available_packet_count() == 1, "the message")
	expect_eq(peer.get_message(), text)
