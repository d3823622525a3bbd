extends RefCounted
## What both ends do with messages, and how fast.

const COMPRESSION := TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER


## Frames as fast as they come: the suite waits for each answer before it goes on.
static func hurry() -> void:
	Engine.max_fps = 0
	OS.low_processor_usage_mode = false
	# Without a window the engine sleeps between frames all the same, but no longer than this.
	OS.low_processor_usage_mode_sleep_usec = 1


## Sends back what has come. While something waits to be sent, nothing is read.
static func answer(peer: TungstenWebSocketPeer) -> void:
	while peer.get_available_packet_count() > 0 and peer.get_current_outbound_buffered_amount() == 0:
		# As bytes, because a String cannot hold U+0000.
		var packet := peer.get_packet()
		var mode := TungstenWebSocketPeer.WRITE_MODE_BINARY
		if peer.was_string_packet():
			mode = TungstenWebSocketPeer.WRITE_MODE_TEXT
		# Fails once the suite has closed, and then it does not expect an answer.
		peer.send(packet, mode)
