# exit: 1
# expect: not ok 1 - test_checks_nothing.gd::test_when_nothing_is_checked_then_it_fails
# expect: # it has checked nothing
extends "res://tests/suite.gd"


func test_when_nothing_is_checked_then_it_fails() -> void:
	pass
