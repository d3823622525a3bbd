extends "res://bench/crowd_case.gd"
## What an idle client takes of the server's memory, in bytes, with all settings at their defaults. The process is the
## server of one [code]subject[/code] alone; its clients are in another one. With the switch [code]used[/code] each has
## sent and received something before: only then does it show whether buffers are given back.

## Clients that come in before memory is looked at: what the first ones bring is there for all.
const WARM_UP := 50
const _PATIENCE_MSEC := 60_000
const _POLLS := 10


func run() -> void:
	var subject: String = plan["subject"]
	var host := make_host(subject)
	if host.listen(identity) != OK:
		skip(subject, "it does not listen")
		return
	print("listening ", host.port())
	_let_in(host, WARM_UP)
	var before := _resident_bytes()
	var count := WARM_UP + int(plan["clients"])
	# The last one comes when the others have been answered.
	if plan.has("used"):
		count += 1
	_let_in(host, count)
	if host.size() == count:
		report(subject, (_resident_bytes() - before) / plan["clients"])
	else:
		skip(subject, "%d clients are in" % host.size())
	host.close()


func _let_in(host: RefCounted, count: int) -> void:
	var deadline := Time.get_ticks_msec() + _PATIENCE_MSEC
	while host.size() < count and Time.get_ticks_msec() < deadline:
		host.poll()
	for _poll in _POLLS:
		host.poll()


func _resident_bytes() -> int:
	var status := FileAccess.open("/proc/self/status", FileAccess.READ)
	while status != null and not status.eof_reached():
		var line := status.get_line()
		if line.begins_with("VmRSS:"):
			return line.get_slice(":", 1).strip_edges().to_int() * 1024
	return 0
