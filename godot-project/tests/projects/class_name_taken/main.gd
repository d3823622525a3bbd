extends Node
## The name means the script here, and the class of the extension has the longer one.


func _ready() -> void:
	var theirs := WebSocketClient.new()
	add_child(theirs)
	var checks := {
		"the script has its name": theirs.get_script() == load("res://web_socket_client.gd"),
		"the script works": theirs.connect_to_url("ws://127.0.0.1") == OK,
		"the plain name is not registered": not ClassDB.class_exists(&"WebSocketClient"),
		"the longer name is registered": ClassDB.class_exists(&"TungstenWebSocketClient"),
		"the class is ours": TungstenWebSocketClient.new().has_signal(&"connection_established"),
		"other names are not changed": ClassDB.class_exists(&"WebSocketError"),
	}
	for check: String in checks:
		if not checks[check]:
			push_error("not so: ", check)
			get_tree().quit(1)
			return
	print("class_name_taken: ok")
	get_tree().quit()
