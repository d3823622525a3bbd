extends RefCounted
## What our ends of the conversation with signals in [code]interop/README.md[/code] agree on.

const Conversation := preload("res://tests/interop/conversation.gd")

const RESOURCE := "/some/path?q=1"
const MANY := 1000
const BIG := 1_000_000
## Between two pings, in seconds.
const PING_INTERVAL := 0.02
## For the buffers in both directions, in KiB.
const BUFFER_KB := 4096
const MAX_PACKETS := 2048


## Sends a text, or else bytes, as scripts of Godot 3 do.
static func send(peer: TungstenWebSocketPeer, message: Variant) -> Error:
	if message is String:
		peer.set_write_mode(TungstenWebSocketPeer.WRITE_MODE_TEXT)
		return peer.put_packet(message.to_utf8_buffer())
	peer.set_write_mode(TungstenWebSocketPeer.WRITE_MODE_BINARY)
	return peer.put_packet(message)


## The next message: a text, or else bytes.
static func receive(peer: TungstenWebSocketPeer) -> Variant:
	var packet := peer.get_packet()
	return packet.get_string_from_utf8() if peer.was_string_packet() else packet


## The signals of one connection, a line for each; those that tell of data are only counted.
class Journal:
	extends RefCounted

	## The last signal was noted.
	var has_ended := false
	var _lines := PackedStringArray()
	var _data_count := 0

	func note(line: String) -> void:
		_end_data()
		_lines.append(line)

	func note_data() -> void:
		_data_count += 1

	func text() -> String:
		_end_data()
		return "\n".join(_lines)

	func _end_data() -> void:
		if _data_count > 0:
			_lines.append("data_received x %d" % _data_count)
			_data_count = 0
