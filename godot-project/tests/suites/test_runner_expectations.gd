extends "res://tests/suite.gd"

signal told(number: int, word: String)
signal nothing_told


func test_when_values_are_alike_then_they_are_equal() -> void:
	expect_eq(1, 1.0)
	expect_eq("a", &"a")
	expect_eq([1, {"b": 2}], [1, {"b": 2}])
	expect_eq(null, null)


func test_when_types_differ_then_values_are_not_equal() -> void:
	expect_true(not _equal("1", 1))
	expect_true(not _equal(null, 0))
	expect_true(not _equal([], {}))


func test_when_a_signal_is_emitted_then_its_arguments_are_returned() -> void:
	told.emit.call_deferred(7, "seven")
	expect_eq(await expect_signal(told), [7, "seven"])
	nothing_told.emit.call_deferred()
	expect_eq(await expect_signal(nothing_told), [])


func test_when_a_condition_holds_later_then_it_is_waited_for() -> void:
	var frames := [0]
	var third := func() -> bool:
		frames[0] += 1
		return frames[0] == 3
	expect_true(await until(third))
	expect_eq(frames[0], 3)


func test_when_an_error_is_announced_then_it_is_forgiven() -> void:
	expect_error("on purpose")
	push_error("an error on purpose")


func test_when_a_test_makes_objects_then_those_it_frees_are_no_leak() -> void:
	var node := Node.new()
	add_child(node)
	var resource := Resource.new()
	expect_eq(get_child_count(), 1)
	expect_eq(resource.get_reference_count(), 1)
