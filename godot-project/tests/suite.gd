extends Node
## The base of all suites: expectations, waits with a deadline, and peers to talk to.
##
## Each test gets an instance of its own, which is in the tree. A failed expectation does not end the test.

const Testkit := preload("res://tests/testkit.gd")

## How many arguments of a signal are kept.
const _ARGUMENTS_MAX := 5

## How long a test may take, in seconds. Set it in [code]_init[/code] for suites that need longer.
var deadline_s := 20.0

var _checks := 0
var _failures: PackedStringArray = []
var _announced := {"error": [], "warning": []}
var _testkit: Testkit = null
var _console: Object = null


## Fails the test unless both are equal. Values of different types never are, except for the two kinds of numbers and of
## strings.
func expect_eq(actual: Variant, expected: Variant, why := "") -> void:
	_checks += 1
	if not _equal(actual, expected):
		fail("got %s, expected %s%s" % [var_to_str(actual), var_to_str(expected), _because(why)])


## Fails the test unless the value is true.
func expect_true(value: bool, why := "") -> void:
	_checks += 1
	if not value:
		fail("not true%s" % _because(why))


## Announces that the engine or a script will report an error with this text in it: once, or so many times. Each call
## announces further ones.
func expect_error(part: String, times := 1) -> void:
	_announce("error", part, times)


## Announces a warning, as [method expect_error] does an error.
func expect_warning(part: String, times := 1) -> void:
	_announce("warning", part, times)


## Fails the test.
func fail(why: String) -> void:
	_failures.append(why + _caller())


## Waits for a signal and returns its arguments. Fails the test if it is not emitted in time; then the result is empty.
func expect_signal(sig: Signal, timeout_s := 5.0) -> Array:
	_checks += 1
	var caller := _caller()
	var heard: Array[Array] = []
	var count := _argument_count(sig)
	var listener := func(a: Variant = null, b: Variant = null, c: Variant = null, d: Variant = null, e: Variant = null) -> void:
		heard.append([a, b, c, d, e].slice(0, count))
	sig.connect(listener)
	var deadline := Time.get_ticks_msec() + int(timeout_s * 1000.0)
	while heard.is_empty() and Time.get_ticks_msec() < deadline:
		await get_tree().process_frame
	if is_instance_valid(sig.get_object()) and sig.is_connected(listener):
		sig.disconnect(listener)
	if heard.is_empty():
		_failures.append("no signal %s within %s s%s" % [sig.get_name(), timeout_s, caller])
		return []
	return heard[0]


## Waits until the condition holds, which is asked once a frame. Fails the test if it does not in time; then the result is
## false. [param why] is a text, or a [Callable] that makes one of how things stand when the time is up.
func until(condition: Callable, timeout_s := 5.0, why: Variant = "") -> bool:
	_checks += 1
	var caller := _caller()
	var deadline := Time.get_ticks_msec() + int(timeout_s * 1000.0)
	while not condition.call():
		if Time.get_ticks_msec() >= deadline:
			_failures.append("it did not happen within %s s%s%s" % [timeout_s, _because(_sentence(why)), caller])
			return false
		await get_tree().process_frame
	return true


## Starts a scripted server, which is stopped at the end of the test. Its steps are those of the testkit, such as
## [code]["upgrade", {"text": "hello"}, "answer_close"][/code]; the options go with the request. Fails the test if the
## server has seen the client break a rule, unless the option [code]may_violate[/code] is set.
func server(script: Array, options := {}) -> Testkit.Server:
	var request := options.duplicate()
	request.erase("may_violate")
	if not request.has("scripts"):
		request["script"] = script
	var started := testkit().start(request)
	started.may_violate = options.get("may_violate", false)
	return started


## The certificate that the servers of the testkit are signed with.
func authority() -> X509Certificate:
	var certificate := X509Certificate.new()
	expect_eq(certificate.load_from_string(testkit().authority()), OK, "the certificate of the testkit")
	return certificate


## Collects what comes to the console until the end of the test, with [code]console_log.gd[/code]; null before Godot 4.5.
func listen_to_console() -> Object:
	if ClassDB.class_exists(&"Logger") and _console == null:
		_console = load("res://tests/console_log.gd").new()
		OS.call(&"add_logger", _console)
	return _console


## The connection to the testkit; made when it is first used.
func testkit() -> Testkit:
	if _testkit == null:
		_testkit = Testkit.new()
	return _testkit


## The name under which the extension has registered a class: the plain one, unless that was taken.
func class_named(plain: String) -> String:
	var prefixed := "Tungsten" + plain
	return prefixed if ClassDB.class_exists(prefixed) else plain


## A new object of a class of the extension, given by its plain name.
func make(plain: String) -> Object:
	return ClassDB.instantiate(class_named(plain))


## Where a file of the repository is. Tests run in a copy of the project, which is somewhere below it unless cargo was told to
## build elsewhere.
func repository_path(file: String) -> String:
	for start: String in [ProjectSettings.globalize_path("res://"), OS.get_environment("CARGO_MANIFEST_DIR")]:
		var folder := start.trim_suffix("/")
		while folder.contains("/"):
			var path := folder.path_join(file)
			# The copy has files of its own.
			if FileAccess.file_exists(path) and FileAccess.file_exists(folder.path_join("Cargo.lock")):
				return path
			folder = folder.get_base_dir().trim_suffix("/")
	fail("the repository has no %s" % file)
	return ""


## For the runner: whether the test has announced this error.
func is_expected(text: String) -> bool:
	return _announced["error"].any(func(part: String) -> bool: return text.contains(part))


## For the runner: what the test has announced, as parts of the texts of each "error" and each "warning".
func announced() -> Dictionary:
	return _announced


## For the runner: stops what runs for the test.
func clean_up() -> void:
	if _console != null:
		_console.set(&"on_text", Callable())
		OS.call(&"remove_logger", _console)
		_console = null
	if _testkit != null:
		for failure in _testkit.close():
			_failures.append(failure)
		_testkit = null


## For the runner: what is wrong with the test.
func complaints() -> PackedStringArray:
	if _failures.is_empty() and _checks == 0:
		return ["it has checked nothing"]
	return _failures


func _announce(kind: String, part: String, times: int) -> void:
	_checks += 1
	for _time in times:
		_announced[kind].append(part)


func _equal(actual: Variant, expected: Variant) -> bool:
	var kinds := [typeof(actual), typeof(expected)]
	if kinds[0] == kinds[1]:
		return actual == expected
	for alike: Array in [[TYPE_INT, TYPE_FLOAT], [TYPE_STRING, TYPE_STRING_NAME]]:
		if alike.has(kinds[0]) and alike.has(kinds[1]):
			return actual == expected
	return false


func _sentence(why: Variant) -> String:
	return why.call() if why is Callable else str(why)


func _because(why: String) -> String:
	return "" if why.is_empty() else ": " + why


## The line of the test that has called; empty where the engine keeps no track of calls.
func _caller() -> String:
	for frame: Dictionary in get_stack():
		var file: String = frame["source"].get_file()
		# Not the functions that tests share.
		if file.begins_with("test_"):
			return " (%s:%d)" % [file, frame["line"]]
	return ""


func _argument_count(sig: Signal) -> int:
	for description: Dictionary in sig.get_object().get_signal_list():
		if description["name"] == sig.get_name():
			return mini(description["args"].size(), _ARGUMENTS_MAX)
	return 0
