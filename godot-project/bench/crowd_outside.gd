extends "res://bench/crowd_case.gd"
## The clients of the case [code]memory[/code], which leave when the server does.

const Memory := preload("res://bench/memory.gd")
const _PAUSE_MSEC := 20


func run() -> void:
	var crowd := Crowd.new(plan["tls"])
	var pump := func() -> void: pass
	var error := crowd.join(plan["port"], Memory.WARM_UP + plan["clients"], pump)
	if error == OK and plan.has("used"):
		crowd.converse()
		error = crowd.join(plan["port"], 1, pump)
	if error != OK:
		skip("crowd", error_string(error))
	while crowd.is_connected_still():
		OS.delay_msec(_PAUSE_MSEC)
