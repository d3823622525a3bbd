extends "res://bench/case.gd"
## The base of the cases with a server in this process and a crowd of clients that are made by hand.

const Crowd := preload("res://bench/crowd.gd")

var _crowds := {}


## The servers that listen, each with a crowd that is still empty.
func open_hosts() -> Dictionary:
	var hosts := {}
	for subject: String in ["engine", "ours"]:
		var host := make_host(subject)
		if host == null:
			skip(subject, "there is no class for it")
			continue
		if host.listen() != OK:
			skip(subject, "it does not listen")
			continue
		hosts[subject] = host
		_crowds[subject] = Crowd.new()
	return hosts


## The server of a subject; null if there is none.
func make_host(subject: String) -> RefCounted:
	if subject == "engine":
		return engines("res://bench/host.gd").new()
	return load("res://bench/host_with_server.gd").new()


## Lets clients in until there are so many.
func fill(hosts: Dictionary, count: int) -> void:
	for subject: String in hosts.keys():
		var host: RefCounted = hosts[subject]
		var error: Error = _crowds[subject].join(host.port(), count - _crowds[subject].size(), host.welcome)
		if error != OK:
			skip(subject, "%d clients do not come in: %s" % [count, error_string(error)])
			hosts.erase(subject)
			continue
		# What was still under way.
		for _poll in 3:
			host.poll()


## The time of one poll in which so many clients have something to say, in microseconds.
func cost_of_poll(subject: String, host: RefCounted, speakers := 0) -> float:
	var polls := 0
	var usec := 0
	var until := Time.get_ticks_usec() + slice_usec
	while polls == 0 or Time.get_ticks_usec() < until:
		if speakers > 0:
			_crowds[subject].speak(speakers)
		var begin := Time.get_ticks_usec()
		# Alone it may take less than the clock can tell.
		for _poll in 1 if speakers > 0 else 10:
			host.poll()
			polls += 1
		usec += Time.get_ticks_usec() - begin
		if speakers > 0:
			_crowds[subject].drain(speakers)
	return float(usec) / polls


func close_hosts(hosts: Dictionary) -> void:
	for subject: String in hosts:
		_crowds[subject].leave()
		hosts[subject].close()
