# exit: 1
# expect: not ok 1 - test_dies_at_once.gd::test_when_a_function_dies_then_it_fails
# expect: # error: 
extends "res://tests/suite.gd"


func test_when_a_function_dies_then_it_fails() -> void:
	expect_true(true)
	var nothing: Variant = null
	nothing.call_it()
	fail("not reached")
