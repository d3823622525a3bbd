extends "res://bench/active.gd"
## The same with a server of the multiplayer API, which only reads.

const _OURS_CLASS := "TungstenWebSocketMultiplayerPeer"


func make_host(subject: String) -> RefCounted:
	if subject == "engine":
		return engines("res://bench/lobby.gd").new()
	return load("res://bench/lobby.gd").new() if ClassDB.class_exists(_OURS_CLASS) else null
