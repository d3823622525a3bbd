extends Node2D
## A player: moved by the client whose id is its name, and shown everywhere.

const SPEED := 300.0
const RADIUS := 22.0
const TRAIL_LEN := 30
## Where players may go, and where they begin.
const BOUNDS := Rect2(40, 70, 1072, 538)

## How far it has gone since it was first seen here, in pixels.
var travelled := 0.0

var _trail: PackedVector2Array = []
var _color := Color.WHITE
## Bots turn as time goes by.
var _angle := randf() * TAU

@onready var _synchronizer: MultiplayerSynchronizer = $Synchronizer


func _enter_tree() -> void:
	var id := str(name).to_int()
	set_multiplayer_authority(id)
	_color = Color.from_hsv((id % 360) / 360.0, 0.6, 1.0)


func _ready() -> void:
	if is_multiplayer_authority():
		position = BOUNDS.position + BOUNDS.size * Vector2(randf(), randf())
	else:
		# Where it is will be told.
		hide()
		_synchronizer.synchronized.connect(show, CONNECT_ONE_SHOT)


func _process(delta: float) -> void:
	if is_multiplayer_authority():
		var is_bot := DisplayServer.get_name() == "headless" or OS.get_cmdline_user_args().has("--bot")
		var direction := _wander(delta) if is_bot else Input.get_vector("ui_left", "ui_right", "ui_up", "ui_down")
		position = (position + direction * SPEED * delta).clamp(BOUNDS.position, BOUNDS.end)
	if not visible:
		return
	if not _trail.is_empty():
		travelled += position.distance_to(_trail[-1])
	_trail.append(position)
	_trail = _trail.slice(-TRAIL_LEN)
	queue_redraw()


func _draw() -> void:
	for index in _trail.size():
		var age := float(index + 1) / _trail.size()
		draw_circle(_trail[index] - position, RADIUS * age * 0.8, Color(_color, age * 0.12))
	draw_circle(Vector2.ZERO, RADIUS, _color)
	if is_multiplayer_authority():
		draw_arc(Vector2.ZERO, RADIUS + 5.0, 0.0, TAU, 48, Color.WHITE, 2.0, true)


func _wander(delta: float) -> Vector2:
	_angle += delta
	if not BOUNDS.grow(-RADIUS).has_point(position):
		_angle = position.angle_to_point(BOUNDS.get_center())
	return Vector2.from_angle(_angle)
