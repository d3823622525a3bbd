class_name WebSocketClient
extends Node
## As the official demo of Godot 4 has it.

signal connected_to_server

var socket := TungstenWebSocketPeer.new()


func connect_to_url(url: String) -> Error:
	return socket.connect_to_url(url)
