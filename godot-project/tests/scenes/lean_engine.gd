# project: lean_engine
# example: lean_engine
# expect: lean_engine: ok
extends "res://tests/scene.gd"
## The library in an engine that lacks WebSocket classes of its own: it takes their names. The engine of this test knows
## those that the library registers as [code]WebSocketPeer[/code] by the name [code]AbsentWebSocketPeer[/code].


func play() -> void:
	expect_eq(ClassDB.class_exists(&"AbsentWebSocketPeer"), true, "the plain name is registered")
	expect_eq(ClassDB.get_parent_class(&"AbsentWebSocketPeer"), &"PacketPeerExtension", "its base")
	expect_eq(ClassDB.class_exists(&"TungstenWebSocketPeer"), false, "the longer name is registered")
	expect_eq(ClassDB.class_exists(&"TungstenAbsentWebSocketPeer"), false, "a name of both is registered")
	var constants := ClassDB.class_get_enum_constants(&"AbsentWebSocketPeer", &"State", true)
	expect_eq(Array(constants), ["STATE_CONNECTING", "STATE_OPEN", "STATE_CLOSING", "STATE_CLOSED"], "its states")
	await _say_hello(ClassDB.instantiate(&"AbsentWebSocketPeer"))
	print("lean_engine: ok")
	quit()


func _say_hello(peer: PacketPeer) -> void:
	expect_eq(peer.connect_to_url(server(["upgrade", "echo"]).url), OK, "connect_to_url")
	await _until_state(peer, WebSocketPeer.STATE_OPEN)
	expect_eq(peer.send_text("hello"), OK, "send_text")
	var answered := func() -> bool:
		peer.poll()
		return peer.get_available_packet_count() == 1
	await until(answered, "an answer has come")
	expect_eq(peer.get_packet().get_string_from_utf8(), "hello", "the answer")
	peer.close(1000, "bye")
	await _until_state(peer, WebSocketPeer.STATE_CLOSED)
	expect_eq([peer.get_close_code(), peer.get_close_reason()], [1000, "bye"], "the close frame")


func _until_state(peer: PacketPeer, state: WebSocketPeer.State) -> void:
	var arrived := func() -> bool:
		peer.poll()
		return peer.get_ready_state() == state
	await until(arrived, "state %d" % state)
