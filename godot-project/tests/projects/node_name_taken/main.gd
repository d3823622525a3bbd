extends Node
## The scene was saved with a node of the extension, and still has it.


func _ready() -> void:
	var connection := get_node("Connection")
	var checks := {
		"it is the extension's": connection.has_signal(&"message_received"),
		"it has what was saved": connection.get(&"url") == "ws://127.0.0.1/saved",
		"it has its name": connection.get_class() == "WebSocketNode",
		"there is no other name": not ClassDB.class_exists(&"TungstenWebSocketNode"),
	}
	for check: String in checks:
		if not checks[check]:
			push_error("not so: ", check)
			get_tree().quit(1)
			return
	print("node_name_taken: ok")
	get_tree().quit()
