extends SceneTree
## Runs the GDScript suites and prints TAP.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/runner.gd -- [--filter=TEXT …] [--suites=FOLDER]
## [/codeblock]
## Tests run that have one of the texts in their names; all, without any.
## [br][br]
## A test is a method [code]test_*[/code] of a script [code]test_*.gd[/code] that extends [code]suite.gd[/code]. It fails
## unless it reaches its end in time, has checked something, has freed what it made, and the engine and scripts have
## reported the errors and warnings that it has announced, and no others.
## [br][br]
## The plan comes first, then a line for each test, then the sentinel. How the process ends is one of [enum Code].

enum Code {
	OK = 0,
	FAILED = 1,  ## A test failed.
	USAGE = 2,  ## The arguments are wrong, or there is nothing to run.
	LEAKED = 3,  ## All that is wrong is that tests left something behind.
	ENGINE_ERROR = 4,  ## All tests passed, but an error was reported outside of them.
}

const SENTINEL := "# tungsten: end of tests"
const Suite := preload("res://tests/suite.gd")

## How long a test may go on after a script error: what it waits for may have ended with that.
const GRACE_S := 0.5
## How long objects may take to go after the end of their test.
const SETTLE_S := 1.0
## Waits are measured in frames: many of them, but not all that two processor cores can do.
const FRAMES_PER_SECOND := 500

var _filters: PackedStringArray = []
var _folder := "res://tests/suites"
## Collects errors; null before Godot 4.5, where only the reader of the output sees them.
var _log: Object = null
## For [method Suite.listen_to_console].
var _console_log: Resource = null
var _failed := 0
var _leaked := 0
var _outside := 0


func _initialize() -> void:
	Engine.max_fps = FRAMES_PER_SECOND
	var stories: Array[Dictionary] = []
	if _read_arguments():
		stories = _discover()
	if stories.is_empty():
		print("# nothing to run")
		quit(Code.USAGE)
		return
	if ClassDB.class_exists(&"Logger"):
		_log = load("res://tests/error_log.gd").new()
		# The engine keeps a script that it has compiled: no test is to seem to leave it behind.
		_console_log = load("res://tests/console_log.gd")
		OS.call(&"add_logger", _log)
	else:
		print("# errors are not collected: this engine has no Logger")
	_run(stories)


func _read_arguments() -> bool:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--filter="):
			_filters.append(argument.trim_prefix("--filter="))
		elif argument.begins_with("--suites="):
			_folder = argument.trim_prefix("--suites=")
		else:
			printerr("unknown argument: ", argument)
			return false
	return true


## All tests that the filters let pass. A suite that does not load is one test, which fails.
func _discover() -> Array[Dictionary]:
	var stories: Array[Dictionary] = []
	for file in DirAccess.get_files_at(_folder):
		if not file.begins_with("test_") or not file.ends_with(".gd"):
			continue
		var script := load(_folder.path_join(file)) as GDScript
		for method in _test_methods(script):
			var name := "%s::%s" % [file, method]
			if _filters.is_empty() or Array(_filters).any(name.contains):
				stories.append({"name": name, "script": script, "method": method})
	return stories


func _test_methods(script: GDScript) -> PackedStringArray:
	if script == null or not script.can_instantiate():
		return ["does not load"]
	var base := script.get_base_script()
	while base != null and base != Suite:
		base = base.get_base_script()
	if base == null:
		return ["does not extend suite.gd"]
	var methods: PackedStringArray = []
	for method in script.get_script_method_list():
		if method["name"].begins_with("test_") and not methods.has(method["name"]):
			methods.append(method["name"])
	return methods


func _run(stories: Array[Dictionary]) -> void:
	print("1..%d" % stories.size())
	await process_frame
	for idx in stories.size():
		_report_outside()
		await _tell(idx + 1, stories[idx])
	_report_outside()
	print(SENTINEL)
	if _log != null:
		OS.call(&"remove_logger", _log)
	quit(_code())


func _code() -> Code:
	if _failed > 0:
		return Code.FAILED
	if _outside > 0:
		return Code.ENGINE_ERROR
	return Code.LEAKED if _leaked > 0 else Code.OK


## Runs one test and prints its result.
func _tell(number: int, story: Dictionary) -> void:
	# From the second wait on, waiting itself takes the same number of objects each time.
	await _object_counts()
	var before := await _object_counts()
	var complaints: PackedStringArray = []
	if story["method"].begins_with("test_"):
		complaints = await _play(story["script"], story["method"])
	else:
		complaints.append("the suite %s" % story["method"])
	var after := await _object_counts()
	var deadline := Time.get_ticks_msec() + int(SETTLE_S * 1000.0)
	while after[0] > before[0] and Time.get_ticks_msec() < deadline:
		after = await _object_counts()
	if not complaints.is_empty():
		_failed += 1
	elif after[0] > before[0]:
		_leaked += 1
	if after[0] > before[0]:
		var counts := [after[0] - before[0], after[1] - before[1]]
		complaints.append("it left %d objects behind, of which %d are nodes outside of the tree" % counts)
	print("%s %d - %s" % ["ok" if complaints.is_empty() else "not ok", number, story["name"]])
	for complaint in complaints:
		print("# ", complaint.replace("\n", "\n# "))


## Runs one test to its end or its deadline and returns what is wrong with it.
func _play(script: GDScript, method: String) -> PackedStringArray:
	var suite: Suite = script.new()
	root.add_child(suite)
	var errors: Array[Dictionary] = []
	var ended := [false]
	_follow(suite, method, ended)
	var deadline := Time.get_ticks_msec() + int(suite.deadline_s * 1000.0)
	while not ended[0] and Time.get_ticks_msec() < deadline:
		await process_frame
		for error in _take_errors():
			errors.append(error)
			if error["is_script"] and not suite.is_expected(error["text"]):
				deadline = mini(deadline, Time.get_ticks_msec() + int(GRACE_S * 1000.0))
	if not ended[0]:
		suite.fail("it did not reach its end")
	suite.clean_up()
	var complaints := suite.complaints()
	var announced := suite.announced()
	suite.free()
	# What is reported while the test goes is its own doing too.
	await process_frame
	errors.append_array(_take_errors())
	complaints.append_array(_judge(errors, announced))
	return complaints


## Waits for the end of a test, also one that is a script error.
func _follow(suite: Suite, method: String, ended: Array) -> void:
	await suite.call(method)
	ended[0] = true


## Compares errors and warnings with those that were announced, and prints the latter for the reader of the output.
func _judge(errors: Array[Dictionary], announced: Dictionary) -> PackedStringArray:
	var complaints: PackedStringArray = []
	for error in errors:
		var due: Array = announced[error["kind"]]
		var fitting := due.filter(func(part: String) -> bool: return error["text"].contains(part))
		if not fitting.is_empty():
			# The longest says it most precisely.
			fitting.sort_custom(func(one: String, other: String) -> bool: return one.length() > other.length())
			due.erase(fitting[0])
			print("# expected %s: %s" % [error["kind"], error["text"]])
			continue
		var complaint := "%s: %s (%s:%d)" % [error["kind"], error["text"], error["file"], error["line"]]
		# The same error in each frame is one complaint.
		if not complaints.has(complaint):
			complaints.append(complaint)
	for kind: String in announced:
		for part: String in announced[kind]:
			complaints.append("there was no %s with the text \"%s\"" % [kind, part])
	return complaints if _log != null else PackedStringArray()


## How many objects there are now, and how many nodes outside of the tree.
func _object_counts() -> Array:
	await process_frame
	return [
		int(Performance.get_monitor(Performance.OBJECT_COUNT)),
		int(Performance.get_monitor(Performance.OBJECT_ORPHAN_NODE_COUNT)),
	]


func _report_outside() -> void:
	for error in _take_errors():
		_outside += 1
		print("# %s outside of a test: %s (%s:%d)" % [error["kind"], error["text"], error["file"], error["line"]])


func _take_errors() -> Array[Dictionary]:
	if _log == null:
		return []
	var errors: Array[Dictionary] = _log.call(&"take")
	for error in errors:
		if error["is_script"] and error["file"] == get_script().resource_path:
			# Whatever has awaited that function will never go on.
			printerr("the runner is broken: ", error["text"])
			quit(Code.ENGINE_ERROR)
	return errors
