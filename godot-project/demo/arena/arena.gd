extends Node2D
## Players that move about together: a server, and a client in each window.
##
## [codeblock]
## godot --headless --path godot-project demo/arena/arena.tscn -- --server [--port=PORT]
## godot --path godot-project demo/arena/arena.tscn [-- --address=ws://HOST:PORT]
## [/codeblock]
## The server makes a player for each client, and [MultiplayerSpawner] makes it everywhere else. Each client moves its own,
## and [MultiplayerSynchronizer] tells the others where it is.

const PORT := 9080
## What the arena is drawn for; a window of any size shows all of it.
const SIZE := Vector2i(1152, 648)
const PLAYER := preload("res://demo/arena/player.tscn")
const Witness := preload("res://demo/arena/witness.gd")

@onready var _players: Node2D = %Players
@onready var _status: Label = %Status


func _ready() -> void:
	multiplayer.peer_connected.connect(_on_peer_connected)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)
	multiplayer.connection_failed.connect(_on_connection_failed)
	multiplayer.server_disconnected.connect(func() -> void: _status.text = "The server has gone")
	if get_tree().current_scene != self:
		return
	get_window().content_scale_size = SIZE
	get_window().content_scale_mode = Window.CONTENT_SCALE_MODE_CANVAS_ITEMS
	if OS.get_cmdline_user_args().has("--self-test"):
		add_witness().satisfied.connect(_on_satisfied)
	if OS.get_cmdline_user_args().has("--server"):
		print("ready ", host(_option("port", str(PORT)).to_int()))
	else:
		join(_option("address", "ws://127.0.0.1:%d" % PORT))


func _process(_delta: float) -> void:
	var peer := multiplayer.multiplayer_peer as TungstenWebSocketMultiplayerPeer
	if peer == null or peer.get_connection_status() != MultiplayerPeer.CONNECTION_CONNECTED:
		return
	_status.text = "Players: %d" % _players.get_child_count()
	if not multiplayer.is_server() and peer.get_peer(1).get_round_trip_time() >= 0.0:
		# An answer is noticed with the next poll, so its time is that of the network and up to a frame on each side.
		var answer_ms := peer.get_peer(1).get_round_trip_time() * 1000.0
		_status.text += "   Answer of the server: %.1f ms at %d frames/s" % [answer_ms, Engine.get_frames_per_second()]


## Starts a session on a port, or on a free one if that is 0. Returns the port; 0 if it does not work.
func host(port: int) -> int:
	var peer := TungstenWebSocketMultiplayerPeer.new()
	peer.heartbeat_interval = 2.0
	var error := peer.create_server(port)
	if error != OK:
		_status.text = "Cannot listen on port %d: %s" % [port, error_string(error)]
		return 0
	multiplayer.multiplayer_peer = peer
	return peer.get_local_port()


## Joins the session of a server.
func join(address: String) -> void:
	var peer := TungstenWebSocketMultiplayerPeer.new()
	peer.heartbeat_interval = 1.0
	_status.text = "Joining %s" % address
	if peer.create_client(address) == OK:
		multiplayer.multiplayer_peer = peer
	else:
		_status.text = "This address cannot be used: %s" % address


func players() -> Array[Node]:
	return _players.get_children()


## For the test: says when this side has seen what there is to see.
func add_witness() -> Witness:
	var witness := Witness.new()
	witness.name = "Witness"
	add_child(witness)
	return witness


func _on_satisfied() -> void:
	print("arena: ok")
	get_tree().quit()


func _on_peer_connected(id: int) -> void:
	if multiplayer.is_server():
		var player := PLAYER.instantiate()
		# By its name the player knows whose it is.
		player.name = str(id)
		_players.add_child(player)


func _on_peer_disconnected(id: int) -> void:
	if multiplayer.is_server():
		_players.get_node(str(id)).queue_free()


func _on_connection_failed() -> void:
	var peer: TungstenWebSocketMultiplayerPeer = multiplayer.multiplayer_peer
	_status.text = "Cannot join: %s" % peer.get_last_error().message


func _option(option: String, default: String) -> String:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--%s=" % option):
			return argument.get_slice("=", 1)
	return default
