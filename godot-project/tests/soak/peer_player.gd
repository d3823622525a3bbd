extends "res://tests/soak/player.gd"
## A client of our class, which comes, talks, and ends in one of several ways.

const MAX_LAG_FRAMES := 12

var _peer: MultiplayerPeer = null
## For how many frames it does nothing.
var _lag := 0
var _ending := Ending.LEAVE


func _init(random: RandomNumberGenerator, port: int) -> void:
	super(random)
	_peer = ClassDB.instantiate(&"TungstenWebSocketMultiplayerPeer")
	_peer.compression = random.randi() % 3
	if _peer.create_client("ws://127.0.0.1:%d" % port) != OK:
		complaint = "create_client has failed"


func play(sessions: Dictionary, next_number: Callable) -> void:
	super(sessions, next_number)
	if _lag > 0:
		_lag -= 1
		return
	_peer.poll()
	if state == State.JOINING and _peer.get_connection_status() == MultiplayerPeer.CONNECTION_CONNECTED:
		_enter(sessions, _peer.get_unique_id())
	_read()
	if state == State.IN:
		_talk(next_number)
	if _peer != null and _peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED:
		_on_disconnected()


func end(ending: Ending) -> void:
	_ending = ending
	if session != null:
		session.may_lose_down = true
	match ending:
		Ending.LEAVE:
			_peer.disconnect_peer(1)
			_become(State.LEAVING)
		Ending.CLOSE:
			_peer.close()
			_become(State.LEAVING)
		Ending.CUT:
			if session != null:
				session.may_lose_up = true
			_peer = null
			_become(State.GONE)


func _read() -> void:
	while _peer.get_available_packet_count() > 0:
		session.down.take(_peer.get_packet())


func _talk(next_number: Callable) -> void:
	if _random.randf() < 0.05:
		_lag = _random.randi_range(1, MAX_LAG_FRAMES)
	for _packet in maxi(0, _random.randi_range(-3, 4)):
		var number: int = next_number.call()
		var error := _peer.put_packet(Ledger.packet(number, random_size(_random)))
		if error == OK:
			session.up.expect(number)
		elif error != ERR_OUT_OF_MEMORY and not session.is_kicked:
			complaint = "put_packet: %s" % error_string(error)


func _on_disconnected() -> void:
	if state == State.LEAVING and _ending == Ending.CLOSE and not session.server_is_done:
		# What it has sent leaves with its polls.
		return
	if state != State.LEAVING and (session == null or not session.is_kicked):
		var error: WebSocketError = _peer.get_last_error()
		complaint = "it was lost: %s" % ("" if error == null else error.message)
	_peer = null
	_become(State.GONE)
