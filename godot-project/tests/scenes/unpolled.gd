# expect: unpolled: ok
# error: TungstenWebSocketPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: WebSocketClient: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: WebSocketServer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: TungstenWebSocketMultiplayerPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
# error: TungstenWebSocketMultiplayerPeer: poll() was not called for 5 seconds. Call it in every frame, for example in _process(): nothing is sent, received or answered without it.
extends "res://tests/scene.gd"
## A connection that nobody polls is named on the console, and no other.

## What was started and must not be let go of.
var _kept: Array[RefCounted] = []
## What is polled in every frame.
var _polled: Array[RefCounted] = []


func play() -> void:
	var warnings := Warnings.new()
	OS.add_logger(warnings)
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
		frames += int(warnings.count() >= _kept.size() - 1)
	OS.remove_logger(warnings)
	expect_eq(warnings.classes(), [
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


class Warnings:
	extends Logger

	var _mutex := Mutex.new()
	var _classes: Array[String] = []

	func count() -> int:
		_mutex.lock()
		var size := _classes.size()
		_mutex.unlock()
		return size

	func classes() -> Array:
		_classes.sort()
		return _classes

	func _log_error(
		_function: String,
		_file: String,
		_line: int,
		code: String,
		rationale: String,
		_editor_notify: bool,
		error_type: int,
		_backtraces: Array[ScriptBacktrace]
	) -> void:
		var text := code if rationale.is_empty() else rationale
		if error_type == Logger.ERROR_TYPE_WARNING and text.contains("poll() was not called for 5 seconds"):
			_mutex.lock()
			_classes.append(text.get_slice(":", 0))
			_mutex.unlock()
