# exit: 3
# expect: not ok 1 - test_leaks.gd::test_when_a_node_is_not_freed_then_it_fails
# expect: # it left 1 objects behind, of which 1 are nodes outside of the tree
# expect: not ok 2 - test_leaks.gd::test_when_references_form_a_circle_then_it_fails
# expect: # it left 2 objects behind, of which 0 are nodes outside of the tree
extends "res://tests/suite.gd"


func test_when_a_node_is_not_freed_then_it_fails() -> void:
	Node.new()
	expect_true(true)


func test_when_references_form_a_circle_then_it_fails() -> void:
	var one := RefCounted.new()
	var other := RefCounted.new()
	one.set_meta(&"other", other)
	other.set_meta(&"other", one)
	expect_true(true)
