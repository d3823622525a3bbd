extends RefCounted
## The loopback peers of [code]tungsten-testkit[/code], which is asked over a socket: one line of JSON each way.
##
## Questions are answered at once, so they are asked while the game stands still; only [method Server.wait_for] takes
## time and lets the game go on.

const _PORT_VARIABLE := "TUNGSTEN_TESTKIT_PORT"
const _ANSWER_LIMIT_S := 10.0
const _PAUSE_USEC := 100

var _line := Line.new()
var _servers: Array[Server] = []


## Starts a server; see [code]Start[/code] in the control module of the testkit.
func start(request: Dictionary) -> Server:
	var server := Server.new(self, _line.ask({"start": request}))
	_servers.append(server)
	return server


## The certificate to trust, as PEM.
func authority() -> String:
	return _line.ask("authority").get("ca", "")


## A port of this machine where nobody listens.
func closed_port() -> int:
	return _line.ask({"closed_port": null}).get("port", 0)


## Asks anything: a request as the testkit takes it. The answer is empty after an error, which is reported.
func ask(request: Variant) -> Dictionary:
	return _line.ask(request)


## Stops all servers and returns which rules their clients have broken.
func close() -> PackedStringArray:
	var violations: PackedStringArray = []
	for server in _servers:
		server.stop()
		if not server.may_violate:
			for violation: Variant in named(server.report(), "violation"):
				violations.append("the server has seen a violation: %s" % violation)
	_servers.clear()
	return violations


## What belongs to the events of this name, in their order: a text, an array or a dictionary, and null for an event that
## is no more than its name.
static func named(events: Array, name: String) -> Array:
	var found := []
	for recorded: Dictionary in events:
		var event: Variant = recorded["event"]
		if event is String and event == name:
			found.append(null)
		elif event is Dictionary and event.has(name):
			found.append(event[name])
	return found


## A server that follows a script. It ends with [method stop] or with the test.
class Server:
	extends RefCounted

	var id := 0
	var port := 0
	## Where it is, such as [code]ws://127.0.0.1:41234[/code].
	var url := ""
	## The certificate to trust, as PEM.
	var ca := ""
	## Whether clients may break the rules of the protocol.
	var may_violate := false
	var _kit: WeakRef = null
	var _running := false
	var _last_report := []

	func _init(kit: RefCounted, started: Dictionary) -> void:
		_kit = weakref(kit)
		_running = started.has("id")
		id = int(started.get("id", 0))
		port = int(started.get("port", 0))
		url = started.get("url", "ws://127.0.0.1:%d" % port)
		ca = started.get("ca", "")

	## What it has seen so far, or had seen when it was stopped: dictionaries with [code]connection[/code] and
	## [code]event[/code].
	func report() -> Array:
		return _ask({"report": id}).get("events", []) if _running else _last_report

	## Waits until it has seen so many events of this name, and returns all it has seen. Reports an error if the time is up.
	func wait_for(event: String, timeout_s := 5.0, count := 1) -> Array:
		var request := {"id": id, "event": event, "timeout": timeout_s, "count": count}
		# A line of its own: others can be asked meanwhile.
		var line := Line.new()
		var answer: Dictionary = await line.ask_later({"wait_for": request}, timeout_s + _ANSWER_LIMIT_S)
		return answer.get("events", [])

	## Lets it pass its step [code]{"wait": name}[/code].
	func release(name: String) -> void:
		_ask({"signal": {"id": id, "name": name}})

	## Ends it and all its connections.
	func stop() -> void:
		if _running:
			_last_report = report()
			_running = false
			_ask({"stop": id})

	func _ask(request: Dictionary) -> Dictionary:
		var kit: RefCounted = _kit.get_ref()
		return {} if kit == null else kit.ask(request)


## A connection to the control port.
class Line:
	extends RefCounted

	var _stream := StreamPeerTCP.new()
	var _received := PackedByteArray()

	## Asks, and blocks until there is an answer. It is empty after an error, which is reported.
	func ask(request: Variant) -> Dictionary:
		var deadline := Time.get_ticks_msec() + int(_ANSWER_LIMIT_S * 1000.0)
		var text := _send(request, deadline)
		while text.is_empty() and _is_open() and Time.get_ticks_msec() < deadline:
			OS.delay_usec(_PAUSE_USEC)
			text = _take_line()
		return _read(text, request)

	## Asks, and lets the game go on until there is an answer. It is empty after an error, which is reported.
	func ask_later(request: Variant, timeout_s: float) -> Dictionary:
		var deadline := Time.get_ticks_msec() + int(timeout_s * 1000.0)
		var tree := Engine.get_main_loop() as SceneTree
		var text := _send(request, deadline)
		while text.is_empty() and _is_open() and Time.get_ticks_msec() < deadline:
			await tree.process_frame
			text = _take_line()
		return _read(text, request)

	func _is_open() -> bool:
		return _stream.get_status() == StreamPeerTCP.STATUS_CONNECTED

	## Connects if need be and sends the request. Returns nothing, as no answer can be there.
	func _send(request: Variant, deadline: int) -> String:
		if not OS.has_environment(_PORT_VARIABLE):
			push_error("there is no testkit: `cargo xtask test godot` starts one and sets %s" % _PORT_VARIABLE)
			return ""
		if _stream.get_status() == StreamPeerTCP.STATUS_NONE:
			_stream.connect_to_host("127.0.0.1", OS.get_environment(_PORT_VARIABLE).to_int())
		while _stream.get_status() == StreamPeerTCP.STATUS_CONNECTING and Time.get_ticks_msec() < deadline:
			OS.delay_usec(_PAUSE_USEC)
			_stream.poll()
		if _is_open():
			_stream.set_no_delay(true)
			_stream.put_data((JSON.stringify(request) + "\n").to_utf8_buffer())
		return ""

	## The next line that has arrived as a whole, else nothing.
	func _take_line() -> String:
		_stream.poll()
		if _is_open() and _stream.get_available_bytes() > 0:
			_received.append_array(_stream.get_data(_stream.get_available_bytes())[1])
		var end := _received.find(10)
		if end < 0:
			return ""
		var text := _received.slice(0, end).get_string_from_utf8()
		_received = _received.slice(end + 1)
		return text

	func _read(text: String, request: Variant) -> Dictionary:
		var answer: Variant = null if text.is_empty() else JSON.parse_string(text)
		if not answer is Dictionary:
			push_error("the testkit does not answer %s" % JSON.stringify(request))
			return {}
		if answer.has("error"):
			push_error("the testkit refuses %s: %s" % [JSON.stringify(request), answer["error"]])
			return {}
		return answer
