# project: namesake
# example: namesake
# expect: Tungsten: another extension of this project has a class WebSocketClient; the class of the extension is TungstenWebSocketClient.
# expect: namesake: ok
extends "res://tests/scene.gd"
## A project with another extension that has registered a class under a name of ours before us.


func play() -> void:
	expect_eq(ClassDB.get_parent_class(&"WebSocketClient"), &"Node", "the plain name is that of the other extension")
	expect_eq(ClassDB.get_parent_class(&"TungstenWebSocketClient"), &"MultiplayerPeerExtension", "ours has the longer one")
	expect_eq(ClassDB.class_exists(&"WebSocketServer"), true, "other names are as ever")
	var client: Object = ClassDB.instantiate(&"TungstenWebSocketClient")
	expect_eq(client.connect_to_url("ws://127.0.0.1:1"), OK, "it works")
	print("namesake: ok")
	quit()
