extends Node
## For the test of the demo.

## This client has seen another one move, and was seen by it; or this server was left by all who came.
signal satisfied

const ENOUGH := 50.0

var _has_seen := false
var _was_seen := false


func _ready() -> void:
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)


func _process(_delta: float) -> void:
	if not _has_seen and not multiplayer.is_server() and get_parent().players().any(_is_other_that_has_moved):
		_has_seen = true
		tell_seen.rpc()
		_check()


@rpc("any_peer")
func tell_seen() -> void:
	_was_seen = true
	_check()


func _on_peer_disconnected(_id: int) -> void:
	if multiplayer.is_server() and multiplayer.get_peers().is_empty():
		satisfied.emit()


func _check() -> void:
	if _has_seen and _was_seen:
		satisfied.emit()


func _is_other_that_has_moved(player: Node) -> bool:
	return not player.is_multiplayer_authority() and player.travelled > ENOUGH
