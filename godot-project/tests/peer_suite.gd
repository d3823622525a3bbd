extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketPeer[/code]: opens connections and reads them as games do.

const CONNECTING := TungstenWebSocketPeer.STATE_CONNECTING
const OPEN := TungstenWebSocketPeer.STATE_OPEN
const CLOSING := TungstenWebSocketPeer.STATE_CLOSING
const CLOSED := TungstenWebSocketPeer.STATE_CLOSED


## A peer that has begun to connect.
func connecting(url: String, options: TLSOptions = null) -> TungstenWebSocketPeer:
	var peer := TungstenWebSocketPeer.new()
	expect_eq(peer.connect_to_url(url, options), OK, "connect_to_url")
	return peer


## A peer whose connection is open.
func opened(url: String, options: TLSOptions = null) -> TungstenWebSocketPeer:
	var peer := connecting(url, options)
	await until_state(peer, OPEN)
	return peer


## Polls once a frame until the peer is in that state.
func until_state(peer: TungstenWebSocketPeer, state: TungstenWebSocketPeer.State, timeout_s := 5.0) -> void:
	var arrived := func() -> bool:
		peer.poll()
		return peer.get_ready_state() == state
	await until(arrived, timeout_s, func() -> String: return "state %d instead of %d; the last error is: %s" % [
		peer.get_ready_state(), state, why_failed(peer)
	])


## Polls once a frame until the server has seen this, and once more: the peer knows then what the server did before.
func until_seen(peer: TungstenWebSocketPeer, counterpart: Testkit.Server, event: String) -> void:
	var seen := func() -> bool:
		peer.poll()
		return not Testkit.named(counterpart.report(), event).is_empty()
	await until(seen, 5.0, "the server has seen " + event)
	peer.poll()


## Polls once a frame until a packet is there, and takes it out.
func next_packet(peer: TungstenWebSocketPeer) -> Variant:
	var arrived := func() -> bool:
		peer.poll()
		return peer.get_available_packet_count() > 0
	return take_packet(peer) if await until(arrived, 5.0, "a packet") else null


## Polls once a frame until the connection is over, as the manual of Godot shows: packets are read while the state is
## open. Returns them as [method take_packet] does.
func packets_until_closed(peer: TungstenWebSocketPeer, timeout_s := 5.0) -> Array:
	var packets := []
	var over := func() -> bool:
		peer.poll()
		var state := peer.get_ready_state()
		while state == OPEN and peer.get_available_packet_count() > 0:
			packets.append(take_packet(peer))
		return state == CLOSED
	await until(over, timeout_s, "closed")
	return packets


## The oldest packet: a text as a string, a binary one as bytes.
func take_packet(peer: TungstenWebSocketPeer) -> Variant:
	var bytes := peer.get_packet()
	expect_eq(peer.get_packet_error(), OK, "get_packet")
	return bytes.get_string_from_utf8() if peer.was_string_packet() else bytes


## Checks with which close frame the connection has ended.
func expect_close(peer: TungstenWebSocketPeer, code: int, reason: String) -> void:
	expect_eq(peer.get_ready_state(), CLOSED, "the state")
	expect_eq([peer.get_close_code(), peer.get_close_reason()], [code, reason], "the close frame")


## Waits until the server has seen a close frame, and checks that it was this one.
func expect_close_seen(counterpart: Testkit.Server, code: int, reason: String) -> void:
	var frames := Testkit.named(await counterpart.wait_for("close"), "close")
	expect_eq([int(frames[0][0]), frames[0][1]] if frames.size() == 1 else frames, [code, reason], "the close frame seen")


## Polls until the connection is over, and checks why it failed.
func expect_failure(peer: TungstenWebSocketPeer, phase: WebSocketError.Phase, kind: WebSocketError.Kind) -> WebSocketError:
	await until_state(peer, CLOSED)
	var error := peer.get_last_error()
	if error == null:
		fail("there is no last error")
		return null
	expect_eq([error.get_phase(), error.get_kind()], [phase, kind], error.get_message())
	expect_true(not error.get_message().is_empty(), "the message")
	return error


## The sentence of the last error; empty without one.
func why_failed(peer: TungstenWebSocketPeer) -> String:
	var error := peer.get_last_error()
	return "" if error == null else error.get_message()


## What the peer trusts to reach the servers of the testkit with TLS.
func trusting() -> TLSOptions:
	return TLSOptions.client(authority())
