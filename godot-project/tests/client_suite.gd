extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketClient[/code]: polls one and writes down its signals.

## The signals in the order in which they came, such as [code]["connection_closed", true][/code].
var heard: Array[Array] = []

## Never captured by a lambda: that would be a cycle, as the client holds what is connected to its signals.
var client: WebSocketClient = null


## A new client in [member client], whose signals are written down.
func listen() -> void:
	client = WebSocketClient.new()
	client.connection_established.connect(_on_connection_established)
	client.connection_error.connect(_on_connection_error)
	client.connection_closed.connect(_on_connection_closed)
	client.data_received.connect(_on_data_received)
	client.server_close_request.connect(_on_server_close_request)


## The same, and connects it.
func listen_to(url: String) -> void:
	listen()
	expect_eq(client.connect_to_url(url), OK, "connect_to_url")


## Polls the client once a frame until this signal has come so many times.
func until_heard(name: String, count := 1, timeout_s := 5.0) -> void:
	var come := func() -> bool:
		if client != null:
			client.poll()
		return times_heard(name) >= count
	await until(come, timeout_s, func() -> String: return "%s, heard was: %s" % [name, heard])


## Polls the client for some more frames, to hear what should not come.
func poll_on(frames := 20) -> void:
	for _frame in frames:
		await get_tree().process_frame
		if client != null:
			client.poll()


## How often a signal has come.
func times_heard(name: String) -> int:
	return heard.filter(func(entry: Array) -> bool: return entry[0] == name).size()


## The names of the signals that have come, in their order.
func names_heard() -> Array:
	return heard.map(func(entry: Array) -> String: return entry[0])


func _on_connection_established(protocol: String) -> void:
	heard.append(["connection_established", protocol])


func _on_connection_error() -> void:
	heard.append(["connection_error"])


func _on_connection_closed(was_clean_close: bool) -> void:
	heard.append(["connection_closed", was_clean_close])


func _on_data_received() -> void:
	heard.append(["data_received"])


func _on_server_close_request(code: int, reason: String) -> void:
	heard.append(["server_close_request", code, reason])
