extends SceneTree
## The base of the scenes: each is a run of the engine of its own, told in [method play].
##
## A scene ends by itself with [method quit]. What it prints, and what the servers see, is checked by
## [code]cargo xtask test godot[/code], as the comments at the top of the scene say.

const Testkit := preload("res://tests/testkit.gd")

var testkit := Testkit.new()


func _initialize() -> void:
	play()


## The story.
func play() -> void:
	pass


## A server of the testkit, which runs on when the engine has ended.
func server(script: Array) -> Testkit.Server:
	var started := testkit.start({"script": script})
	print("server: ", started.id)
	return started


## Waits until the condition holds, which is asked once a frame. Ends the scene if it does not in time.
func until(condition: Callable, what: String) -> void:
	var deadline := Time.get_ticks_msec() + 5000
	while not condition.call():
		if Time.get_ticks_msec() > deadline:
			fail("it did not come to this: " + what)
			return
		await process_frame


## Ends the scene unless both are equal.
func expect_eq(actual: Variant, expected: Variant, what: String) -> void:
	if actual != expected:
		fail("%s: got %s, expected %s" % [what, var_to_str(actual), var_to_str(expected)])


func fail(why: String) -> void:
	push_error(why)
	quit(1)
