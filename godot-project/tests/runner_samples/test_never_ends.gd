# exit: 1
# expect: not ok 1 - test_never_ends.gd::test_when_a_test_hangs_then_it_fails
# expect: # it did not reach its end
# expect: not ok 2 - test_never_ends.gd::test_when_a_test_waits_for_too_long_then_it_fails
# expect: ok 3 - test_never_ends.gd::test_when_others_hung_then_this_one_still_runs
extends "res://tests/suite.gd"

signal never_told


func _init() -> void:
	deadline_s = 0.2


func test_when_a_test_hangs_then_it_fails() -> void:
	expect_true(true)
	await never_told


func test_when_a_test_waits_for_too_long_then_it_fails() -> void:
	await until(func() -> bool: return false, 1000.0)


func test_when_others_hung_then_this_one_still_runs() -> void:
	expect_true(true)
