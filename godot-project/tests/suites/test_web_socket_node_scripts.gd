extends "res://tests/node_suite.gd"
## Scripts on the node: the engine calls their [code]_ready[/code] and [code]_process[/code] in the place of a class's
## own, and the node has to work all the same.

## What a server does that a node with any script is to hear and to answer.
const STORY := ["upgrade", {"text": "one"}, "answer_close", "hold"]


## Notes what the engine has called.
class Scripted:
	extends WebSocketNode
	var called: Array[String] = []

	func note(what: String) -> void:
		if not called.has(what):
			called.append(what)


class WithInit:
	extends Scripted

	func _init() -> void:
		note("_init")


class WithEnterTree:
	extends Scripted

	func _enter_tree() -> void:
		note("_enter_tree")


class WithReady:
	extends Scripted

	func _ready() -> void:
		note("_ready")


class WithProcess:
	extends Scripted

	func _process(_delta: float) -> void:
		note("_process")


class WithPhysicsProcess:
	extends Scripted

	func _physics_process(_delta: float) -> void:
		note("_physics_process")


class WithExitTree:
	extends Scripted

	func _exit_tree() -> void:
		note("_exit_tree")


class WithNotification:
	extends Scripted

	func _notification(what: int) -> void:
		if what == NOTIFICATION_READY:
			note("_notification")


## A script on a script, each with all of them.
class WithAll:
	extends Scripted

	func _init() -> void:
		note("_init")

	func _enter_tree() -> void:
		note("_enter_tree")

	func _ready() -> void:
		note("_ready")

	func _process(_delta: float) -> void:
		note("_process")

	func _exit_tree() -> void:
		note("_exit_tree")

	func _notification(what: int) -> void:
		if what == NOTIFICATION_READY:
			note("_notification")


class WithSuper:
	extends WithAll

	func _init() -> void:
		super()

	func _enter_tree() -> void:
		super()

	func _ready() -> void:
		super()

	func _process(delta: float) -> void:
		super(delta)

	func _exit_tree() -> void:
		super()

	func _notification(_what: int) -> void:
		note("the outer _notification")


## Says where to connect to in the last moment.
class LateUrl:
	extends WebSocketNode
	var late_url := ""

	func _ready() -> void:
		url = late_url


## Opens by itself before the node would.
class Opener:
	extends WebSocketNode

	func _ready() -> void:
		assert(open() == OK)


## Says more than that the game goes away.
class Farewell:
	extends WebSocketNode

	func _exit_tree() -> void:
		send_text("farewell")
		close(4000, "done")


func test_when_a_script_has_functions_that_the_engine_calls_then_the_node_works_all_the_same() -> void:
	var expected := {
		WithInit: ["_init"],
		WithEnterTree: ["_enter_tree"],
		WithReady: ["_ready"],
		WithProcess: ["_process"],
		WithPhysicsProcess: ["_physics_process"],
		WithExitTree: ["_exit_tree"],
		WithNotification: ["_notification"],
		WithAll: ["_exit_tree", "_enter_tree", "_init", "_notification", "_process", "_ready"],
		WithSuper: ["_exit_tree", "_enter_tree", "_init", "_notification", "_process", "_ready", "the outer _notification"],
	}
	for script: GDScript in expected:
		await _expect_works(script.new(), expected[script])


func test_when_a_script_is_set_on_a_node_that_is_there_then_it_works_all_the_same() -> void:
	var counterpart := server(STORY)
	add(counterpart.url)
	await until_heard("message_received")
	node.set_script(WithAll)
	node.send_text("still there")
	await counterpart.wait_for("text")
	remove_child(node)
	await expect_close_seen(counterpart, 1001)
	node.free()


func test_when_the_script_sets_the_url_in_ready_then_that_one_is_opened() -> void:
	node = LateUrl.new()
	node.late_url = server(STORY).url
	add("")
	await until_heard("opened")


func test_when_the_script_opens_in_ready_then_there_is_one_connection() -> void:
	var counterpart := server(STORY)
	node = Opener.new()
	add(counterpart.url)
	await until_heard("message_received")
	await frames(5)
	expect_eq([heard, Testkit.named(counterpart.report(), "request").size()], [[["opened", ""], ["message_received", "one"]], 1])


func test_when_the_script_says_goodbye_in_exit_tree_then_the_server_hears_it() -> void:
	var counterpart := server(STORY)
	node = Farewell.new()
	add(counterpart.url)
	await until_heard("opened")
	remove_child(node)
	await expect_close_seen(counterpart, 4000)
	expect_eq(Testkit.named(counterpart.report(), "text"), ["farewell"])
	node.free()


## The node connects, gets a message and says goodbye as it leaves, and the engine has called these functions.
func _expect_works(scripted: Scripted, expected: Array) -> void:
	var why := str(expected)
	heard.clear()
	var counterpart := server(STORY)
	node = scripted
	add(counterpart.url)
	await until_heard("message_received")
	await get_tree().physics_frame
	await frames(2)
	remove_child(node)
	await expect_close_seen(counterpart, 1001)
	expect_eq(heard, [["opened", ""], ["message_received", "one"]], why)
	scripted.called.sort()
	expected.sort()
	expect_eq(scripted.called, expected, why)
	node.free()
