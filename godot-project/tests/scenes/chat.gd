# expect: chat: ok
extends "res://tests/scene.gd"
## The demo [code]demo/chat[/code], a server and two clients in one engine, plays its own test.


func play() -> void:
	# The tree is not there yet.
	await process_frame
	var chat: Control = load("res://demo/chat/chat.tscn").instantiate()
	root.add_child(chat)
	expect_eq(await chat.self_test(), "", "what went wrong")
	print("chat: ok")
	quit()
