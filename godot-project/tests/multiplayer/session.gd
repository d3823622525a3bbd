extends Node
## One member's part in the session of [code]story.gd[/code]. It writes down what it notices.
##
## The server leads: it begins a phase when all have noticed in the last one what they must. So nobody waits for time to
## pass, and whatever comes too often shows in the end.

## There is room for the next client.
signal room_made
## The story is over for this member, all is well if nothing is said.
signal ended(complaints: PackedStringArray)

const Ball := preload("res://tests/multiplayer/ball.gd")
const Story := preload("res://tests/multiplayer/story.gd")

const COUNT := 20
const LONG := 30_000
## Frames in which whatever must not come has the time to do so.
const LAST_FRAMES := 25
const PATIENCE_S := 15.0

var _who := ""
var _phase := "join"
## Names by id.
var _names := {1: Story.SERVER}
## What was noticed, by phase: whom it is about, and a text.
var _notes := {}
## For the server: who has noticed all in this phase.
var _ready_members: Array[String] = []
var _has_reported := false
var _has_ended := false
var _is_leaving := false
## What has been counted, by function and sender.
var _counts := {}
var _spawner := MultiplayerSpawner.new()
## Has functions that Ada may call, as the server may call those of this node.
var _throne := Throne.new()
var _deadline := Time.get_ticks_msec() + int(PATIENCE_S * 1000.0)


func _init(who: String) -> void:
	_who = who
	name = "Session"
	_phase = "late" if who == Story.LATE else "join"
	_spawner.name = "Spawner"
	_spawner.spawn_path = ^".."
	_spawner.spawn_function = func(place: int) -> Node: return Ball.new(place)
	_spawner.spawned.connect(_on_spawned)
	_spawner.despawned.connect(func(_ball: Node) -> void: _note(1, ": ball is gone"))
	add_child(_spawner)
	_throne.name = "Throne"
	_throne.decreed.connect(_hear.bind("decrees"))
	add_child(_throne)


func _ready() -> void:
	multiplayer.peer_connected.connect(func(id: int) -> void: _note(id, " is in"))
	multiplayer.peer_disconnected.connect(func(id: int) -> void: _note(id, " is out"))
	multiplayer.connected_to_server.connect(_note.bind(1, " lets us in"))
	multiplayer.server_disconnected.connect(_note.bind(1, " ends the session"))
	multiplayer.connection_failed.connect(_note.bind(1, " cannot be reached"))
	(multiplayer as SceneMultiplayer).peer_packet.connect(_on_peer_packet)


## For the server: makes the ball that all will see.
func make_ball() -> void:
	_spawner.spawn(Story.BALL[0])


func _process(_delta: float) -> void:
	if _has_ended:
		return
	if Time.get_ticks_msec() > _deadline:
		_end()
	elif not _has_reported and _noticed(_phase).size() >= Story.expected(_phase, _who).size():
		_has_reported = true
		_on_all_noticed()


func _on_all_noticed() -> void:
	if _phase == "quit" or (_phase == "kick" and _who == Story.KICKED):
		for _frame in LAST_FRAMES:
			await get_tree().process_frame
		_end()
	elif _who == Story.SERVER:
		_on_member_ready(Story.SERVER)
	else:
		report.rpc_id(1, _who)


## A member is there, and has noticed all that it must in this phase.
@rpc("any_peer")
func report(who: String) -> void:
	_names[multiplayer.get_remote_sender_id()] = who
	_on_member_ready(who)


func _on_member_ready(who: String) -> void:
	_ready_members.append(who)
	for member: String in [Story.SERVER, "Ada", Story.KICKED, Story.LATE]:
		var is_kicked := _phase == "kick" and member == Story.KICKED
		if Story.is_there(_phase, member) and not is_kicked and not _ready_members.has(member):
			return
	_ready_members.clear()
	var next := Story.PHASES[Story.PHASES.find(_phase) + 1]
	begin.rpc(next, _names)
	begin(next, _names)


@rpc
func begin(phase: String, names: Dictionary) -> void:
	_phase = phase
	_names = names
	_has_reported = false
	match phase:
		"calls", "calls of all":
			_converse()
		"late" when _who == Story.SERVER:
			room_made.emit()
		"ball moves", "ball goes" when _who == Story.SERVER:
			_move_ball()
		"kick" when _who == Story.KICKED:
			ask_for_the_end.rpc_id(1)
		"quit" when _who != Story.SERVER:
			ask_for_the_end.rpc_id(1)


## Says to all others what [constant Story.SPEECH] has.
func _converse() -> void:
	_counts.clear()
	_throne.set_multiplayer_authority(_names.find_key("Ada"))
	say.rpc("to all")
	say.rpc("x".repeat(LONG))
	for id: int in multiplayer.get_peers():
		say.rpc_id(id, "to " + _names[id])
	for number in COUNT:
		count_reliable.rpc(number)
		count_unreliable.rpc(number)
		count_unreliable_ordered.rpc(number)
	(multiplayer as SceneMultiplayer).send_bytes("bytes".to_utf8_buffer())
	if _who == Story.SERVER:
		decree.rpc()
		get_node("Ball").place = Story.BALL[1]
	elif _who == "Ada":
		_throne.decree.rpc()


@rpc("any_peer")
func say(text: String) -> void:
	_hear("a long text" if text == "x".repeat(LONG) else text)


@rpc("any_peer", "call_remote", "reliable", 2)
func count_reliable(number: int) -> void:
	_count("reliable", number)


@rpc("any_peer", "call_remote", "unreliable")
func count_unreliable(number: int) -> void:
	_count("unreliable", number)


@rpc("any_peer", "call_remote", "unreliable_ordered", 1)
func count_unreliable_ordered(number: int) -> void:
	_count("unreliable_ordered", number)


@rpc("authority")
func decree() -> void:
	_hear("decrees")


## A client is about to be kicked, or to be left alone by a server that quits.
@rpc("any_peer")
func ask_for_the_end() -> void:
	if _phase == "kick":
		multiplayer.multiplayer_peer.disconnect_peer(multiplayer.get_remote_sender_id())
	else:
		_ready_members.append(_names[multiplayer.get_remote_sender_id()])
		if _ready_members.size() == 2:
			multiplayer.multiplayer_peer.close()


func _move_ball() -> void:
	if _phase == "ball moves":
		get_node("Ball").place = Story.BALL[2]
	else:
		get_node("Ball").queue_free()


func _count(mode: String, number: int) -> void:
	var key := "%s %d" % [mode, multiplayer.get_remote_sender_id()]
	var numbers: Array = _counts.get_or_add(key, [])
	numbers.append(number)
	if numbers.size() == COUNT:
		_hear("counts %s" % mode if numbers == range(COUNT) else "counts wrong: %s" % str(numbers))


func _on_peer_packet(id: int, packet: PackedByteArray) -> void:
	_note(id, ": " + packet.get_string_from_utf8())


func _on_spawned(ball: Ball) -> void:
	_note(1, ": ball at %d" % ball.place)
	ball.moved.connect(func() -> void: _note(1, ": ball at %d" % ball.place))


func _hear(text: String) -> void:
	_note(multiplayer.get_remote_sender_id(), ": " + text)


func _note(about: int, text: String) -> void:
	_notes.get_or_add(_phase, []).append([about, text])


## What was noticed in a phase, sorted; with names, as far as they are known by now.
func _noticed(phase: String) -> Array[String]:
	var noticed: Array[String] = []
	for note: Array in _notes.get(phase, []):
		noticed.append(_names.get(note[0], str(note[0])) + note[1])
	noticed.sort()
	return noticed


func _end() -> void:
	_has_ended = true
	var complaints: PackedStringArray = []
	for phase in Story.PHASES:
		var noticed := _noticed(phase)
		print("%s: %s" % [phase, ", ".join(noticed)])
		var missing := Story.expected(phase, _who)
		for note in noticed:
			if missing.has(note):
				missing.erase(note)
			else:
				complaints.append("%s: it must not notice \"%s\"" % [phase, note])
		for note in missing:
			complaints.append("%s: it must notice \"%s\"" % [phase, note])
	ended.emit(complaints)


class Throne:
	extends Node

	signal decreed

	@rpc("authority")
	func decree() -> void:
		decreed.emit()
