# exit: 1
# expect: not ok 1 - test_fails_expectations.gd::test_when_values_differ_then_it_fails
# expect: # got 1, expected 2: of a reason (test_fails_expectations.gd:19)
# expect: not ok 2 - test_fails_expectations.gd::test_when_a_signal_is_missing_then_it_fails
# expect: # no signal told within 0.05 s (test_fails_expectations.gd:23)
# expect: not ok 3 - test_fails_expectations.gd::test_when_a_condition_never_holds_then_it_fails
# expect: # it did not happen within 0.05 s: never (test_fails_expectations.gd:27)
# expect: not ok 4 - test_fails_expectations.gd::test_when_a_reason_is_asked_for_then_it_says_how_things_are_in_the_end
# expect: # it did not happen within 0.05 s: asked often (test_fails_expectations.gd:35)
# expect: not ok 5 - test_fails_expectations.gd::test_when_an_announced_error_is_missing_then_it_fails
# expect: # there was no error with the text "never printed"
# expect: ok 6 - test_fails_expectations.gd::test_when_others_failed_then_this_one_still_passes
extends "res://tests/suite.gd"

signal told


func test_when_values_differ_then_it_fails() -> void:
	expect_eq(1, 2, "of a reason")


func test_when_a_signal_is_missing_then_it_fails() -> void:
	await expect_signal(told, 0.05)


func test_when_a_condition_never_holds_then_it_fails() -> void:
	await until(func() -> bool: return false, 0.05, "never")


func test_when_a_reason_is_asked_for_then_it_says_how_things_are_in_the_end() -> void:
	var asked := [0]
	var never := func() -> bool:
		asked[0] += 1
		return false
	await until(never, 0.05, func() -> String: return "asked often" if asked[0] > 1 else "asked %d times" % asked[0])


func test_when_an_announced_error_is_missing_then_it_fails() -> void:
	expect_error("never printed")


func test_when_others_failed_then_this_one_still_passes() -> void:
	expect_true(true)
