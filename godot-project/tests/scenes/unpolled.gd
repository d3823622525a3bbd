# expect: unpolled: ok
# error: TungstenWebSocketPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: WebSocketClient: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: WebSocketServer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: TungstenWebSocketMultiplayerPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: TungstenWebSocketMultiplayerPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
extends "res://tests/scene.gd"
## A connection that nobody polls is named on the console, and no other.

const ErrorLog := preload("res://tests/error_log.gd")

## What was started and must not be let go of.
var _kept: Array[RefCounted] = []
## What is polled in every frame.
var _polled: Array[RefCounted] = []


func play() -> void:
	var listener := ErrorLog.new()
	OS.add_logger(listener)
	var named: Array[String] = []
	for polled: bool in [false, true]:
		for started: RefCounted in [_peer(), _client(), _server(), _member(), _host()]:
			(_polled if polled else _kept).append(started)
	# One that has been closed needs no more polls.
	var closed := _peer()
	closed.close(-1)
	_kept.append(closed)
	_peer()
	var frames := 0
	var deadline := Time.get_ticks_msec() + 20_000
	# And some frames more, for what should not come.
	while frames < 100 and Time.get_ticks_msec() < deadline:
		for polled in _polled:
			polled.poll()
		await process_frame
		named.append_array(_named(listener))
		frames += int(named.size() >= _kept.size() - 1)
	OS.remove_logger(listener)
	named.sort()
	expect_eq(named, [
		"TungstenWebSocketMultiplayerPeer",
		"TungstenWebSocketMultiplayerPeer",
		"TungstenWebSocketPeer",
		"WebSocketClient",
		"WebSocketServer",
	], "who was named")
	print("unpolled: ok")
	quit()


func _peer() -> TungstenWebSocketPeer:
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.connect_to_url(server(["upgrade", "hold"]).url), OK, "connect_to_url")
	return peer


func _client() -> WebSocketClient:
	var client := WebSocketClient.new()
	expect_eq(client.connect_to_url(server(["upgrade", "hold"]).url), OK, "connect_to_url")
	return client


func _server() -> WebSocketServer:
	var host := WebSocketServer.new()
	host.bind_ip = "127.0.0.1"
	expect_eq(host.listen(0), OK, "listen")
	return host


func _member() -> TungstenWebSocketMultiplayerPeer:
	var member := TungstenWebSocketMultiplayerPeer.new()
	expect_eq(member.create_client(server(["upgrade", {"binary": [5, 0, 0, 0]}, "hold"]).url), OK, "create_client")
	return member


func _host() -> TungstenWebSocketMultiplayerPeer:
	var host := TungstenWebSocketMultiplayerPeer.new()
	expect_eq(host.create_server(0, "127.0.0.1"), OK, "create_server")
	return host


## Which classes were named on the console since the last call.
func _named(listener: ErrorLog) -> Array[String]:
	var named: Array[String] = []
	for entry in listener.take():
		if entry["kind"] == "warning" and entry["text"].contains("poll() was not called for 5 seconds"):
			named.append(entry["text"].get_slice(":", 0))
	return named
