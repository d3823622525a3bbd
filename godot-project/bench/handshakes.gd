extends "res://bench/echo.gd"
## Connections that open one after the other: [code]times[/code] of them, and the switches [code]tls[/code] and
## [code]fresh[/code], with which no TLS session is resumed. The engine's class never resumes one.


func _measure(subject: String, pair: RefCounted) -> void:
	var times: int = plan["times"]
	pair.set("is_fresh", plan.get("fresh", false))
	var begin := Time.get_ticks_usec()
	for _time in times:
		pair.drop()
		if pair.open() != OK:
			skip(subject, "it does not open")
			return
	report(subject, times * 1e6 / (Time.get_ticks_usec() - begin))
