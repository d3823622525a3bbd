extends SceneTree
## A member of the session in [code]story.gd[/code], in an engine of its own.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/multiplayer/member.gd -- --class=CLASS --who=NAME [--port=PORT]
## [/codeblock]
## The server prints [code]ready PORT[/code], and [code]room for NAME[/code] when the late client may come. All print what
## they have noticed, and last [code]session held[/code], or lines that begin with [code]failed: [/code].

const Conversation := preload("res://tests/interop/conversation.gd")
const Session := preload("res://tests/multiplayer/session.gd")
const Story := preload("res://tests/multiplayer/story.gd")

## Somebody else may take a port between the moments in which it is found and used.
const ATTEMPTS := 10

var _session: Session = null


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_play()


func _play() -> void:
	# The tree is not there yet.
	await process_frame
	var who := Conversation.option("who")
	_session = Session.new(who)
	_session.room_made.connect(func() -> void: print("room for ", Story.LATE))
	_session.ended.connect(_on_ended)
	root.add_child(_session)
	var peer: MultiplayerPeer = ClassDB.instantiate(Conversation.option("class"))
	if who == Story.SERVER:
		var port := _serve(peer)
		if port == 0:
			_on_ended(["it cannot listen"])
			return
		root.multiplayer.multiplayer_peer = peer
		_session.make_ball()
		print("ready ", port)
	elif peer.call("create_client", "ws://127.0.0.1:" + Conversation.option("port")) == OK:
		root.multiplayer.multiplayer_peer = peer
	else:
		_on_ended(["it cannot connect"])


## Listens on a port that is free and returns it, or 0. The engine's class does not say which one the system has chosen.
func _serve(peer: MultiplayerPeer) -> int:
	for _attempt in ATTEMPTS:
		var probe := TCPServer.new()
		probe.listen(0, "127.0.0.1")
		var port := probe.get_local_port()
		probe.stop()
		if peer.call("create_server", port, "127.0.0.1") == OK:
			return port
	return 0


func _on_ended(complaints: PackedStringArray) -> void:
	for complaint in complaints:
		print("failed: ", complaint)
	if complaints.is_empty():
		print("session held")
	quit(0 if complaints.is_empty() else 1)
