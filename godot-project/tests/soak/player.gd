extends RefCounted
## The base of the clients of the soak.

const Ledger := preload("res://tests/soak/ledger.gd")
const Session := preload("res://tests/soak/session.gd")

enum State { JOINING, IN, LEAVING, GONE }

## How a client may end.
enum Ending {
	LEAVE,  ## It disconnects from the server, and waits until that is done.
	CLOSE,  ## It closes its peer, and polls on until the server knows.
	CUT,  ## It is gone.
}

## Nothing may take longer.
const PATIENCE_MS := 10_000

var state := State.JOINING
## What is wrong; empty if nothing is.
var complaint := ""
## Null until it is in.
var session: Session = null
var _random: RandomNumberGenerator = null
var _state_since := Time.get_ticks_msec()


func _init(random: RandomNumberGenerator) -> void:
	_random = random


## One frame of its life. [param sessions] are those of the server, by id.
func play(_sessions: Dictionary, _next_number: Callable) -> void:
	if Time.get_ticks_msec() - _state_since > PATIENCE_MS and state != State.IN:
		complaint = "it is stuck in state %s" % State.keys()[state]


## Ends; whatever happens to be on its way.
func end(_how: Ending) -> void:
	pass


func _enter(sessions: Dictionary, id: int) -> void:
	session = sessions[id]
	session.is_claimed = true
	_become(State.IN)


func _become(next: State) -> void:
	state = next
	_state_since = Time.get_ticks_msec()
	if state == State.GONE and session != null:
		session.client_is_gone = true


## Most packets are small.
static func random_size(random: RandomNumberGenerator) -> int:
	var kind := random.randf()
	if kind < 0.9:
		return random.randi_range(0, 300)
	return random.randi_range(0, 5_000 if kind < 0.99 else 60_000)
