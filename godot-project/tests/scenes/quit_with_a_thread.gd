# expect: the thread has ended
# seen: {"close":[1001,""]}
extends "res://tests/scene.gd"
## G3: a game that quits while a thread of its own has an open connection.


func play() -> void:
	var thread := Thread.new()
	var frames := Semaphore.new()
	var opened := Semaphore.new()
	thread.start(_hold_open.bind(server(["upgrade", "hold"]).url, frames, opened))
	var is_open := func() -> bool:
		frames.post()
		return opened.try_wait()
	await until(is_open, "the connection is open")
	quit()
	frames.post()
	thread.wait_to_finish()
	print("the thread has ended")


static func _hold_open(url: String, frames: Semaphore, opened: Semaphore) -> TungstenWebSocketPeer:
	var peer := TungstenWebSocketPeer.new()
	peer.connect_to_url(url)
	while peer.get_ready_state() == TungstenWebSocketPeer.STATE_CONNECTING:
		frames.wait()
		peer.poll()
	opened.post()
	frames.wait()
	return peer
