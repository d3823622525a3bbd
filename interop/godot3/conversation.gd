extends Reference
# What both ends of the conversation with signals in ../README.md agree on.

const PROTOCOL = "echo.tungsten"
const ORDER = "do: "
const TEXT = "grüße, 世界 🎲"
const RESOURCE = "/some/path?q=1"

# Frames of the engine: many of them, but not all that two processor cores can do.
const FRAMES_PER_SECOND = 500
# For the buffers in both directions, in KiB.
const BUFFER_KB = 4096
const MAX_PACKETS = 2048


# The bytes 0 to 255.
static func all_bytes():
	var bytes = PoolByteArray()
	for byte in 256:
		bytes.append(byte)
	return bytes


# The value of an option --name=value of the command line; empty if it is not there.
static func option(name):
	var prefix = "--%s=" % name
	for argument in OS.get_cmdline_args():
		if argument.begins_with(prefix):
			return argument.trim_prefix(prefix)
	return ""


# Sends a text, or else bytes.
static func send(peer, message):
	if message is String:
		peer.set_write_mode(WebSocketPeer.WRITE_MODE_TEXT)
		return peer.put_packet(message.to_utf8())
	peer.set_write_mode(WebSocketPeer.WRITE_MODE_BINARY)
	return peer.put_packet(message)


# The next message: a text, or else bytes.
static func receive(peer):
	var packet = peer.get_packet()
	return packet.get_string_from_utf8() if peer.was_string_packet() else packet


# The signals of one connection, a line for each; those that tell of data are only counted.
class Journal:
	extends Reference

	# The last signal was noted.
	var has_ended = false
	var _lines = []
	var _data_count = 0

	func note(line):
		_end_data()
		_lines.append(line)

	func note_data():
		_data_count += 1

	func text():
		_end_data()
		return PoolStringArray(_lines).join("\n")

	func _end_data():
		if _data_count > 0:
			_lines.append("data_received x %d" % _data_count)
			_data_count = 0
