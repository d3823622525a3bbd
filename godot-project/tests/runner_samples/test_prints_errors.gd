# exit: 1
# expect: not ok 1 - test_prints_errors.gd::test_when_an_error_is_printed_then_it_fails
# expect: # error: an error that nobody has announced
# expect: not ok 2 - test_prints_errors.gd::test_when_another_error_was_announced_then_it_fails
# expect: # error: not this one
# expect: not ok 3 - test_prints_errors.gd::test_when_an_error_comes_more_often_than_announced_then_it_fails
# expect: # error: once too often
# expect: not ok 4 - test_prints_errors.gd::test_when_an_error_comes_less_often_than_announced_then_it_fails
# expect: # there was no error with the text "two of these"
# expect: not ok 5 - test_prints_errors.gd::test_when_a_warning_is_printed_then_it_fails
# expect: # warning: a warning that nobody has announced
# expect: not ok 6 - test_prints_errors.gd::test_when_an_error_comes_instead_of_a_warning_then_it_fails
# expect: # there was no warning with the text "only a warning"
# expect: ok 7 - test_prints_errors.gd::test_when_all_was_announced_then_it_passes
extends "res://tests/suite.gd"


func test_when_an_error_is_printed_then_it_fails() -> void:
	expect_true(true)
	push_error("an error that nobody has announced")


func test_when_another_error_was_announced_then_it_fails() -> void:
	expect_error("that one")
	push_error("that one")
	push_error("not this one")


func test_when_an_error_comes_more_often_than_announced_then_it_fails() -> void:
	expect_error("once too often")
	push_error("once too often")
	push_error("once too often")


func test_when_an_error_comes_less_often_than_announced_then_it_fails() -> void:
	expect_error("two of these", 2)
	push_error("two of these")


func test_when_a_warning_is_printed_then_it_fails() -> void:
	expect_true(true)
	push_warning("a warning that nobody has announced")


func test_when_an_error_comes_instead_of_a_warning_then_it_fails() -> void:
	expect_warning("only a warning")
	push_error("only a warning")


func test_when_all_was_announced_then_it_passes() -> void:
	# The shorter text fits both.
	expect_error("an error")
	expect_error("an error that is longer")
	expect_warning("a warning", 2)
	push_error("an error that is longer")
	push_error("an error")
	push_warning("a warning")
	push_warning("a warning")
