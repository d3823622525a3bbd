# exit: 1
# expect: not ok 1 - test_dies_after_await.gd::test_when_a_coroutine_dies_then_it_fails
# expect: # error: 
# expect: ok 2 - test_dies_after_await.gd::test_when_another_died_then_this_one_still_runs
extends "res://tests/suite.gd"


func test_when_a_coroutine_dies_then_it_fails() -> void:
	expect_true(true)
	await get_tree().process_frame
	var nothing: Variant = null
	nothing.call_it()
	fail("not reached")


func test_when_another_died_then_this_one_still_runs() -> void:
	expect_true(true)
