# exit: 1
# expect: not ok 1 - test_extends_nothing.gd::does not extend suite.gd
extends RefCounted


func test_when_a_suite_is_none_then_it_fails() -> void:
	pass
