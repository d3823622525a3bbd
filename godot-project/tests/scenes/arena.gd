# expect: arena: ok
extends "res://tests/scene.gd"
## The demo [code]demo/arena[/code], a server and two clients in one engine: each client sees the other one move.

var _satisfied := 0


func play() -> void:
	# The tree is not there yet.
	await process_frame
	var port: int = _add("Server").host(0)
	expect_eq(port > 0, true, "the server listens")
	for who: String in ["Ada", "Ben"]:
		_add(who).join("ws://127.0.0.1:%d" % port)
	await until(func() -> bool: return _satisfied == 2, "each sees the other one move")
	print("arena: ok")
	quit()


## A copy of the demo with a session of its own.
func _add(who: String) -> Node2D:
	var arena: Node2D = load("res://demo/arena/arena.tscn").instantiate()
	arena.name = who
	set_multiplayer(SceneMultiplayer.new(), NodePath("%s/%s" % [root.get_path(), who]))
	root.add_child(arena)
	arena.add_witness().satisfied.connect(func() -> void: _satisfied += 1)
	return arena
