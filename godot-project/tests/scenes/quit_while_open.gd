# expect: all are open
# seen: {"close":[1001,""]}
extends "res://tests/scene.gd"
## G3: a game that quits with open connections, kept in all the places where games keep things.

static var _kept_by_the_script: TungstenWebSocketPeer = null

var _kept_by_the_tree: TungstenWebSocketPeer = null


func play() -> void:
	var holder := Holder.new()
	holder.peer = _connect(["upgrade", "hold"])
	root.add_child(holder)
	_kept_by_the_script = _connect([{"tls": "good"}, "upgrade", "hold"])
	_kept_by_the_tree = _connect(["upgrade", "hold"])
	root.set_meta(&"kept_as_meta_data", _connect(["upgrade", "hold"]))
	holder.client = WebSocketClient.new()
	expect_eq(holder.client.connect_to_url(server(["upgrade", {"text": "quit"}, "hold"]).url), OK, "connect_to_url")
	var peers := [holder.peer, _kept_by_the_script, _kept_by_the_tree, root.get_meta(&"kept_as_meta_data")]
	await until(_are_open.bind(peers), "all are open")
	print("all are open")
	# From inside of a signal.
	holder.client.data_received.connect(quit)
	process_frame.connect(holder.client.poll)


func _connect(script: Array) -> TungstenWebSocketPeer:
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.connect_to_url(server(script).url, TLSOptions.client_unsafe()), OK, "connect_to_url")
	return peer


static func _are_open(peers: Array) -> bool:
	for peer: TungstenWebSocketPeer in peers:
		peer.poll()
	return peers.all(func(peer: TungstenWebSocketPeer) -> bool: return peer.get_ready_state() == WebSocketPeer.STATE_OPEN)


class Holder:
	extends Node

	var peer: TungstenWebSocketPeer = null
	var client: WebSocketClient = null
