extends "res://bench/crowd_case.gd"
## Clients that say nothing: what a poll of the server costs, and how that grows with their number.

const _COUNTS := [100, 1000, 4000]

## What a poll costs with the fewest clients, by subject and round.
var _least := {}


func run() -> void:
	var hosts := open_hosts()
	for count: int in _COUNTS:
		fill(hosts, count)
		await interleave(hosts, _measure.bind(count))
	close_hosts(hosts)


func _measure(subject: String, host: RefCounted, count: int) -> void:
	var cost := cost_of_poll(subject, host)
	report(subject, cost, "_%d" % count)
	var key := [subject, _round]
	if count == _COUNTS[0]:
		_least[key] = cost
	elif count == _COUNTS[-1]:
		report(subject, cost / _least[key], "_growth")
