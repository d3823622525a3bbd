@tool
extends Node
## Says what to do if the project is opened before the extension was built.


func _ready() -> void:
	if not ClassDB.class_exists(&"TungstenWebSocketPeer"):
		push_error("The extension is not there yet. Run `cargo xtask build` in this repository, then start Godot again.")
