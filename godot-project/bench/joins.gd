extends "res://bench/multiplayer_poll.gd"
## A lobby opens: all [code]clients[/code] connect at once, everybody is polled 60 times a second, and the time is taken
## until all are in, in seconds.

const _POLLS_PER_S := 60
const _PATIENCE_MSEC := 10_000


func run() -> void:
	var subjects := {}
	for subject: String in ["engine", "ours"]:
		if make_host(subject) == null:
			skip(subject, "there is no class for it")
		else:
			subjects[subject] = null
	Engine.max_fps = _POLLS_PER_S
	await interleave(subjects, _measure)
	Engine.max_fps = 0


func _measure(subject: String, _nothing: RefCounted) -> void:
	var lobby := make_host(subject)
	if lobby.listen() != OK:
		skip(subject, "it does not listen")
		return
	var tree := Engine.get_main_loop() as SceneTree
	await tree.process_frame
	var begin := Time.get_ticks_usec()
	lobby.knock(plan["clients"])
	while not lobby.is_complete() and Time.get_ticks_usec() < begin + _PATIENCE_MSEC * 1000:
		lobby.poll()
		await tree.process_frame
	if lobby.is_complete():
		report(subject, (Time.get_ticks_usec() - begin) / 1e6)
	else:
		skip(subject, "after %d s only %d are in" % [_PATIENCE_MSEC / 1000, lobby.size()])
	lobby.close()
