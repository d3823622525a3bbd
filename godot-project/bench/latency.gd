extends "res://bench/echo.gd"
## One message there and back at a time: how long it takes, for most and for the slowest.

const _SAMPLES := 2000


func _count_for(_pair: RefCounted) -> int:
	return _SAMPLES


func _measure(subject: String, pair: RefCounted) -> void:
	var times := PackedInt64Array()
	for _sample in _SAMPLES:
		times.append(pair.echo(_message, 1, 1))
	times.sort()
	report(subject, times[_SAMPLES / 2], "_p50")
	report(subject, times[_SAMPLES * 99 / 100], "_p99")
