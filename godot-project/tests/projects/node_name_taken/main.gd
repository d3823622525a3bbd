extends Node
## The scene was saved with nodes of the extension, and still has them.


func _ready() -> void:
	var connection := get_node("Connection")
	var server := get_node("Server")
	var checks := {
		"it is the extension's": connection.has_signal(&"message_received"),
		"it has what was saved": connection.get(&"url") == "ws://127.0.0.1/saved",
		"it has its name": connection.get_class() == "WebSocketNode",
		"there is no other name": not ClassDB.class_exists(&"TungstenWebSocketNode"),
		"so is the server": server.has_signal(&"client_connected"),
		"the server has what was saved": [server.get(&"port"), server.get(&"max_clients")] == [4242, 7],
		"the server has its name": server.get_class() == "WebSocketServerNode",
		"the server has no other name": not ClassDB.class_exists(&"TungstenWebSocketServerNode"),
	}
	for check: String in checks:
		if not checks[check]:
			push_error("not so: ", check)
			get_tree().quit(1)
			return
	print("node_name_taken: ok")
	get_tree().quit()
