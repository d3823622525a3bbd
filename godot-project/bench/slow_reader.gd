extends "res://bench/echo.gd"
## A reader that takes one message after each poll, while [code]times[/code] of them are offered at once.


func _exchange(pair: RefCounted, count: int) -> int:
	return pair.drain(_message, count)
