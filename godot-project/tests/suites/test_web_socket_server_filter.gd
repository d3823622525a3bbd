extends "res://tests/server_suite.gd"
## What a filter of requests answers: nobody comes in by a mistake of it.

## What a filter returns for a client that is welcome: HTTP's Switching Protocols.
const WELCOME := 101
const FILTER := "WebSocketServer.request_filter: "
const REFUSED := 500

var _answer: Variant = WELCOME
var _asked := 0


func test_when_the_answer_is_not_101_then_nobody_comes_in() -> void:
	start()
	host.request_filter = _filter
	var nonsense := [
		null, true, false, 0, 1, OK, 200, 100, 399, 600, -1, 1 << 40, 101.0, "", "101", &"101", NAN, Vector2.ONE, [], [101],
		{}, PackedByteArray(), self, RefCounted.new(), Callable(), Signal(), NodePath(), RID(),
	]
	expect_error(FILTER + "it has to return 101 to let the client in", nonsense.size() - 1)
	expect_error(FILTER + "the refusal cannot be sent: it has no status")
	for answer: Variant in nonsense:
		_answer = answer
		await _expect_refused(REFUSED)
	expect_eq([_asked, heard], [nonsense.size(), []])


func test_when_a_typed_filter_fails_then_nobody_comes_in() -> void:
	start()
	host.request_filter = func(target: String, _headers: PackedStringArray, _address: String) -> int:
		return WELCOME if target.split("token=")[1] == "right" else 401
	expect_error("Out of bounds get index '1'")
	expect_error(FILTER + "it has to return 101")
	await _expect_refused(REFUSED)
	expect_eq(heard, [])
	await join("/?token=right")


func test_when_the_filter_fails_then_nobody_comes_in_whatever_it_returns() -> void:
	start()
	expect_error("Out of bounds get index", 5)
	expect_error(FILTER + "it has to return 101", 4)
	expect_error(FILTER + "the refusal cannot be sent: it has no status")
	for filter: Callable in [_fails_without_a_type, _fails_as_bool, _fails_as_dictionary, _fails_as_variant, _fails_as_string]:
		host.request_filter = filter
		await _expect_refused(REFUSED)
	expect_eq(heard, [])


func test_when_the_filter_takes_other_arguments_then_nobody_comes_in() -> void:
	start()
	var filters: Array[Callable] = [
		_takes_none, _takes_one, _takes_two, _takes_four,
		func() -> int: return WELCOME,
		func(_target: String) -> int: return WELCOME,
		func(_target: String, _headers: PackedStringArray, _address: String, _more: int) -> int: return WELCOME,
		_filter.bind(1), _filter.unbind(1), Callable(self, "no_such_method"),
	]
	expect_error(FILTER + "the call failed, it is given 3 arguments", filters.size())
	# Of the others the engine does not know how many arguments they must have.
	expect_warning(FILTER + "it is called with 3 arguments", 6)
	for filter in filters:
		host.request_filter = filter
		await _expect_refused(REFUSED)
	expect_eq([_asked, heard], [0, []])


func test_when_the_filter_takes_other_types_then_nobody_comes_in() -> void:
	start()
	expect_error(FILTER + "the call failed", 3)
	var filters: Array[Callable] = [
		func(_target: int, _headers: PackedStringArray, _address: String) -> int: return WELCOME,
		func(_target: String, _headers: Dictionary, _address: String) -> int: return WELCOME,
		func(_target: String, _headers: PackedStringArray, _address: Node) -> int: return WELCOME,
	]
	for filter in filters:
		host.request_filter = filter
		await _expect_refused(REFUSED)
	expect_eq(heard, [])


func test_when_the_number_of_arguments_cannot_be_right_then_the_setter_says_so() -> void:
	prepare()
	var log: Variant = listen_to_console()
	if log == null:
		return
	expect_warning(FILTER + "it is called with 3 arguments", 4)
	for wrong: Callable in [_takes_none, _takes_two, _takes_four, func(_target: String) -> int: return WELCOME]:
		host.request_filter = wrong
		expect_true(host.request_filter == wrong, "it guards the door all the same")
		var said: PackedStringArray = log.take()
		expect_true(said.size() == 1 and said[0].begins_with(FILTER + "it is called with 3 arguments"), str(said))
	for right: Callable in [_filter, _takes_three_or_four, _takes_four.bind(1), Callable(), func(_a: Variant, _b: Variant, _c: Variant) -> int: return WELCOME]:
		host.request_filter = right
		expect_eq(log.take(), PackedStringArray(), str(right))


func test_when_arguments_are_bound_or_optional_then_the_filter_is_asked() -> void:
	start()
	for filter: Callable in [_takes_four.bind(1), _takes_three_or_four, _takes_two.unbind(1)]:
		host.request_filter = filter
		await join()


func test_when_the_filter_waits_then_nobody_comes_in() -> void:
	start()
	host.request_filter = _waits
	expect_error(FILTER + "it may not wait")
	await _expect_refused(REFUSED)
	expect_eq(heard, [])


func test_when_the_object_of_a_lambda_is_freed_then_nobody_comes_in() -> void:
	start()
	var gate := Gate.new()
	host.request_filter = gate.lambda()
	await join()
	gate.free()
	expect_error(FILTER)
	await _expect_refused(REFUSED)
	expect_eq(times_heard("client_connected"), 1)


func test_when_the_answer_is_a_status_then_the_client_gets_it() -> void:
	start()
	host.request_filter = _filter
	for status: int in [400, 401, 403, 404, 426, 429, 500, 503, 599]:
		_answer = status
		await _expect_refused(status)


func test_when_the_answer_is_a_dictionary_then_the_client_gets_headers_and_body() -> void:
	start()
	host.request_filter = _filter
	_answer = {"status": 401, "headers": ["WWW-Authenticate: Bearer", "X-Room: ü"], "body": "Who are you? ü"}
	var error := await _expect_refused(401)
	expect_true(error.get_http_headers().has("WWW-Authenticate: Bearer"), str(error.get_http_headers()))
	expect_eq(error.get_http_body().get_string_from_utf8(), "Who are you? ü")
	_answer = {&"status": 503, &"headers": PackedStringArray(["Retry-After: 5", "Content-Type: x/y"]), &"body": PackedByteArray([0, 255])}
	error = await _expect_refused(503)
	expect_true(error.get_http_headers().has("Retry-After: 5"), str(error.get_http_headers()))
	expect_true(error.get_http_headers().has("Content-Type: x/y"), str(error.get_http_headers()))
	expect_eq(error.get_http_body(), PackedByteArray([0, 255]))
	_answer = {"status": 404}
	error = await _expect_refused(404)
	expect_eq(error.get_http_body().get_string_from_utf8(), "Not Found\n")


func test_when_the_dictionary_cannot_be_sent_then_the_client_gets_500() -> void:
	start()
	host.request_filter = _filter
	var wrong := {
		"it has no status": {"body": "no"},
		"101 is not a status from 400 to 599": {"status": 101},
		"302 is not a status from 400 to 599": {"status": 302, "headers": ["Location: /"]},
		"the status is no int": {"status": "403"},
		"\"heders\" is none of status, headers and body": {"status": 403, "heders": []},
		"the headers are neither": {"status": 403, "headers": {"A": "b"}},
		"the headers hold something that is no String": {"status": 403, "headers": ["A: b", 1]},
		"the header \"A: b\\r\\nC: d\" cannot be sent": {"status": 403, "headers": ["A: b\r\nC: d"]},
		"the header \"Content-Length: 1\" cannot be sent": {"status": 403, "headers": ["Content-Length: 1"]},
		"the body is neither": {"status": 403, "body": 5},
		"the body has 65537 bytes": {"status": 403, "body": "a".repeat(65_537)},
	}
	for reason: String in wrong:
		_answer = wrong[reason]
		expect_error(reason)
		await _expect_refused(REFUSED)
	expect_eq(heard, [])


## A client is refused with this status.
func _expect_refused(status: int) -> WebSocketError:
	var client := knock()
	await until_closed(client)
	clients.erase(client)
	var error := client.get_last_error()
	if error == null:
		fail("there is no error after the answer %s" % type_string(typeof(_answer)))
		return null
	expect_eq(error.get_http_status(), status, "%s after the answer %s" % [error.get_message(), type_string(typeof(_answer))])
	return error


func _filter(_target: String, _headers: PackedStringArray, _address: String) -> Variant:
	_asked += 1
	return _answer


func _takes_none() -> int:
	return WELCOME


func _takes_one(_target: String) -> int:
	return WELCOME


func _takes_two(_target: String, _headers: PackedStringArray) -> int:
	return WELCOME


func _takes_four(_target: String, _headers: PackedStringArray, _address: String, _more: int) -> int:
	return WELCOME


func _takes_three_or_four(_target: String, _headers: PackedStringArray, _address: String, _more := 0) -> int:
	return WELCOME


func _waits(_target: String, _headers: PackedStringArray, _address: String) -> int:
	await get_tree().process_frame
	return WELCOME


func _fails_without_a_type(target: String, _headers: PackedStringArray, _address: String):
	return WELCOME if target.split("token=")[1] == "" else 401


func _fails_as_bool(target: String, _headers: PackedStringArray, _address: String) -> bool:
	return target.split("token=")[1] == ""


func _fails_as_dictionary(target: String, _headers: PackedStringArray, _address: String) -> Dictionary:
	return {"status": 401, "body": target.split("token=")[1]}


func _fails_as_variant(target: String, _headers: PackedStringArray, _address: String) -> Variant:
	return target.split("token=")[1]


func _fails_as_string(target: String, _headers: PackedStringArray, _address: String) -> String:
	return target.split("token=")[1]


class Gate:
	extends Object

	var _welcome := WELCOME

	func lambda() -> Callable:
		return func(_target: String, _headers: PackedStringArray, _address: String) -> int: return _welcome
