# exit: 1
# expect: not ok 1 - test_does_not_load.gd::does not load
extends "res://tests/suite.gd"


func test_when_a_suite_has_a_mistake_then_it_fails() -> void:
	this is no GDScript
