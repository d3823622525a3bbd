# exit: 4
# expect: ok 1 - test_prints_errors_later.gd::test_when_an_error_comes_after_the_test_then_the_run_fails
# expect: # error outside of a test: nobody's error
extends "res://tests/suite.gd"

static var _frames := 0


func test_when_an_error_comes_after_the_test_then_the_run_fails() -> void:
	expect_true(true)
	get_tree().process_frame.connect(_complain_later)


static func _complain_later() -> void:
	_frames += 1
	if _frames == 2:
		push_error("nobody's error")
