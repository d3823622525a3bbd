extends SceneTree
## A multiplayer server and many clients that come, talk, and go, politely or not; every packet is accounted for.
##
## [codeblock]
## godot --headless --path godot-project --script res://tests/soak/soak.gd -- [--seconds=N] [--seed=N]
## [/codeblock]
## Prints what has happened, and last [code]soak: ok[/code]. The seed decides what everybody does, not when the network
## carries it.

const Conversation := preload("res://tests/interop/conversation.gd")
const Ledger := preload("res://tests/soak/ledger.gd")
const PeerPlayer := preload("res://tests/soak/peer_player.gd")
const Player := preload("res://tests/soak/player.gd")
const RawPlayer := preload("res://tests/soak/raw_player.gd")
const Session := preload("res://tests/soak/session.gd")

const SECONDS := 20
const PLAYERS_MAX := 60
## How long all may take to leave when the time is up.
const PATIENCE_MS := 15_000
## By how much the memory of the process may grow from a third of the time to the end, in KiB. The players that are there
## at the end account for what it varies by.
const GROWTH_MAX_KIB := 12 * 1024
## How often each thing must have happened per second, on whatever machine: else nothing was proved.
const LEAST := {"came": 2.0, "left": 0.5, "kicked": 0.2, "cut": 0.2, "sent": 100.0, "arrived": 100.0}
const SETTLE_FRAMES := 30

var _random := RandomNumberGenerator.new()
var _server: MultiplayerPeer = null
var _seconds := SECONDS
var _players: Array[Player] = []
## By id.
var _sessions := {}
## The number of the last packet.
var _number := 0
## After a third of the time, in KiB.
var _memory := 0
var _complaints: PackedStringArray = []
var _counts := {"came": 0, "left": 0, "kicked": 0, "cut": 0, "sent": 0, "refused": 0, "arrived": 0, "lost with them": 0}


func _initialize() -> void:
	Engine.max_fps = Conversation.FRAMES_PER_SECOND
	_soak()


func _soak() -> void:
	await process_frame
	_seconds = _option("seconds", SECONDS)
	_random.seed = _option("seed", hash(Time.get_ticks_usec()))
	print("soak: %d s with seed %d" % [_seconds, _random.seed])
	# What is made once is made in a first round.
	await _play(1)
	var objects := int(Performance.get_monitor(Performance.OBJECT_COUNT))
	await _play(_seconds)
	_report(objects)


func _option(option: String, default: int) -> int:
	var text := Conversation.option(option)
	return default if text.is_empty() else text.to_int()


func _play(seconds: int) -> void:
	_open()
	var start := Time.get_ticks_msec()
	_memory = 0
	while Time.get_ticks_msec() - start < seconds * 1000 and _complaints.is_empty():
		if _memory == 0 and Time.get_ticks_msec() - start > seconds * 333:
			_memory = _resident_kib()
		_come()
		_frame()
		_send_away()
		await process_frame
	await _close()


func _open() -> void:
	_server = ClassDB.instantiate(&"TungstenWebSocketMultiplayerPeer")
	_server.heartbeat_interval = 0.5
	_server.heartbeat_timeout = 5.0
	_server.compression = TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER
	_server.peer_connected.connect(_on_peer_connected)
	_server.peer_disconnected.connect(_on_peer_disconnected)
	if _server.create_server(0, "127.0.0.1") != OK:
		_complaints.append("the server does not listen")


## New clients.
func _come() -> void:
	if _players.size() < PLAYERS_MAX and _random.randf() < 0.3:
		var kind: GDScript = RawPlayer if _random.randf() < 0.1 else PeerPlayer
		_players.append(kind.new(_random, _server.get_local_port()))


## What all do in one frame.
func _frame() -> void:
	_server.poll()
	# Now and then the game takes its time.
	if _random.randf() < 0.9:
		_read()
		_speak()
	for gone in _players.filter(func(player: Player) -> bool: return player.state == Player.State.GONE):
		_players.erase(gone)
	for player in _players:
		player.play(_sessions, _next_number)
		if not player.complaint.is_empty():
			_complaints.append(player.complaint)
	_settle()


func _read() -> void:
	while _server.get_available_packet_count() > 0:
		var sender := _server.get_packet_peer()
		var bytes := _server.get_packet()
		if _sessions.has(sender):
			_sessions[sender].up.take(bytes)
		else:
			_complaints.append("a packet of somebody who has gone")


## The server sends to one, to all, or to all but one.
func _speak() -> void:
	var ids := _sessions.keys().filter(_is_in)
	for _packet in _random.randi_range(0, 6):
		if ids.is_empty():
			return
		var id: int = ids[_random.randi() % ids.size()]
		var target: int = [id, id, id, 0, -id][_random.randi() % 5]
		var number := _next_number()
		_server.set_target_peer(target)
		var error := _server.put_packet(Ledger.packet(number, Player.random_size(_random)))
		_counts["refused"] += 0 if error == OK else 1
		for other: int in ids:
			var is_meant := other == target or target == 0 or (target < 0 and other != -target)
			if is_meant and (error == OK or target <= 0):
				_sessions[other].down.expect(number, error == OK)


## Some have to go.
func _send_away() -> void:
	for player in _players:
		if player.state == Player.State.JOINING and _random.randf() < 0.002:
			_end(player, Player.Ending.CUT)
		elif player.state == Player.State.IN and not player.session.is_kicked and _random.randf() < 0.01:
			_end(player, _random.randi() % Player.Ending.size())
	for id: int in _sessions.keys():
		if _is_in(id) and _sessions[id].is_claimed and _random.randf() < 0.003:
			_kick(id, _random.randf() < 0.5)


func _end(player: Player, how: Player.Ending) -> void:
	_counts["cut" if how == Player.Ending.CUT or player is RawPlayer else "left"] += 1
	player.end(how)


func _kick(id: int, force: bool) -> void:
	_counts["kicked"] += 1
	_sessions[id].is_kicked = true
	_sessions[id].may_lose_up = true
	_sessions[id].server_is_done = force
	_server.disconnect_peer(id, force)


## Checks and forgets those of whom nothing more can come.
func _settle() -> void:
	for id: int in _sessions.keys():
		var session: Session = _sessions[id]
		if not session.is_over() or _server.get_available_packet_count() > 0:
			continue
		_complaints.append_array(session.complaints())
		_counts["arrived"] += session.up.arrived + session.down.arrived
		_counts["lost with them"] += session.up.missing() + session.down.missing()
		_sessions.erase(id)


## All leave in order, and then the server closes.
func _close() -> void:
	var deadline := Time.get_ticks_msec() + PATIENCE_MS
	while (not _players.is_empty() or not _sessions.is_empty()) and _complaints.is_empty():
		if Time.get_ticks_msec() > deadline:
			_complaints.append("%d players and %d sessions are stuck" % [_players.size(), _sessions.size()])
		for player in _players:
			if player.state == Player.State.IN and not player.session.is_kicked:
				_end(player, Player.Ending.LEAVE)
		_frame()
		await process_frame
	_players.clear()
	_sessions.clear()
	_server.close()
	_server = null
	for _frame_number in SETTLE_FRAMES:
		await process_frame


func _report(objects: int) -> void:
	_counts["sent"] = _number
	print("soak: ", ", ".join(_counts.keys().map(func(what: String) -> String: return "%d %s" % [_counts[what], what])))
	var left := int(Performance.get_monitor(Performance.OBJECT_COUNT)) - objects
	var growth := _resident_kib() - _memory
	print("soak: objects %+d; memory %d KiB, %+d KiB since a third of the time" % [left, _memory + growth, growth])
	for what: String in LEAST:
		if _counts[what] < LEAST[what] * _seconds:
			_complaints.append("%d %s: at least %d were to be expected" % [_counts[what], what, LEAST[what] * _seconds])
	if left > 0:
		_complaints.append("%d objects are left" % left)
	if _memory > 0 and growth > GROWTH_MAX_KIB:
		_complaints.append("memory has grown by %d KiB" % growth)
	for complaint in _complaints:
		print("failed: ", complaint)
	if _complaints.is_empty():
		print("soak: ok")
	quit(0 if _complaints.is_empty() else 1)


func _on_peer_connected(id: int) -> void:
	_counts["came"] += 1
	if _sessions.has(id):
		_complaints.append("an id is given twice")
	_sessions[id] = Session.new()


func _on_peer_disconnected(id: int) -> void:
	if not _sessions.has(id) or _sessions[id].server_is_done:
		_complaints.append("the end of a client is told twice, or of one that was dropped by force")
	else:
		_sessions[id].server_is_done = true


func _is_in(id: int) -> bool:
	return not _sessions[id].server_is_done and not _sessions[id].is_kicked


func _next_number() -> int:
	_number += 1
	return _number


## What the process has in memory; 0 where the system does not tell.
func _resident_kib() -> int:
	var status := FileAccess.open("/proc/self/status", FileAccess.READ)
	while status != null and not status.eof_reached():
		var line := status.get_line()
		if line.begins_with("VmRSS:"):
			return line.to_int()
	return 0
