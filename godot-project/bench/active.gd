extends "res://bench/crowd_case.gd"
## Some of many clients say something before each poll, and are answered: [code]clients[/code] and [code]active[/code].


func run() -> void:
	var hosts := open_hosts()
	fill(hosts, plan["clients"])
	await interleave(hosts, _measure)
	close_hosts(hosts)


func _measure(subject: String, host: RefCounted) -> void:
	report(subject, cost_of_poll(subject, host, plan["active"]))
