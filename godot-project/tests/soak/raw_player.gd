extends "res://tests/soak/player.gd"
## A client made by hand. It answers no ping and no close frame, and all that can end it is that its connection breaks.

const RawClient := preload("res://tests/raw_client.gd")

var _raw: RawClient = null
var _has_asked := false


func _init(random: RandomNumberGenerator, port: int) -> void:
	super(random)
	_raw = RawClient.new(port)


func play(sessions: Dictionary, next_number: Callable) -> void:
	super(sessions, next_number)
	_raw.poll()
	if not _has_asked and _raw.is_connected_to_host():
		_has_asked = true
		_raw.upgrade()
	if _raw.has_ended:
		end(Ending.CUT)
		return
	var packets := _raw.payloads(RawClient.BINARY)
	_raw.frames.clear()
	if state == State.JOINING and not packets.is_empty():
		_enter(sessions, packets.pop_front().decode_s32(0))
		session.may_lose_up = true
		session.may_lose_down = true
	for packet in packets:
		session.down.take(packet)
	if state == State.IN and _random.randf() < 0.5:
		var number: int = next_number.call()
		session.up.expect(number)
		_raw.send(RawClient.BINARY, Ledger.packet(number, _random.randi_range(0, 300)))


## With something unread in it, as often as not, the system sends a reset.
func end(_how: Ending) -> void:
	_raw.stream.disconnect_from_host()
	_become(State.GONE)
