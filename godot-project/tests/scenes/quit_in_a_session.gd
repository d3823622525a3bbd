# expect: all are in
# seen: {"close":[1001,""]}
extends "res://tests/scene.gd"
## G3: a game that quits in the middle of multiplayer sessions: as a client of another program, and as a server with a
## client of its own.

const ID: Array[int] = [0x44, 0x33, 0x22, 0x11]


func play() -> void:
	# The tree is not there yet.
	await process_frame
	var client := TungstenWebSocketMultiplayerPeer.new()
	expect_eq(client.create_client(server(["upgrade", {"binary": ID}, "hold"]).url), OK, "create_client")
	root.multiplayer.multiplayer_peer = client
	var host := TungstenWebSocketMultiplayerPeer.new()
	expect_eq(host.create_server(0, "127.0.0.1"), OK, "create_server")
	var guest := TungstenWebSocketMultiplayerPeer.new()
	expect_eq(guest.create_client("ws://127.0.0.1:%d" % host.get_local_port()), OK, "create_client")
	for peer: MultiplayerPeer in [host, guest]:
		_add_session(peer)
	await until(func() -> bool: return client.get_unique_id() != 0 and guest.get_unique_id() != 0, "all are in")
	print("all are in")
	quit()


## A tree with an API of its own, which the engine polls.
func _add_session(peer: MultiplayerPeer) -> void:
	var api := SceneMultiplayer.new()
	api.multiplayer_peer = peer
	var node := Node.new()
	root.add_child(node)
	set_multiplayer(api, node.get_path())
