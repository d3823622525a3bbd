# exit: 1
# expect: not ok 1 - test_prints_errors.gd::test_when_an_error_is_printed_then_it_fails
# expect: # error: an error that nobody has announced
# expect: not ok 2 - test_prints_errors.gd::test_when_another_error_was_announced_then_it_fails
# expect: # error: not this one
extends "res://tests/suite.gd"


func test_when_an_error_is_printed_then_it_fails() -> void:
	expect_true(true)
	push_error("an error that nobody has announced")


func test_when_another_error_was_announced_then_it_fails() -> void:
	expect_error("that one")
	push_error("that one")
	push_error("not this one")
