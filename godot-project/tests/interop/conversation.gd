extends RefCounted
## What both ends of the conversation in [code]interop/README.md[/code] agree on.

const PROTOCOL := "echo.tungsten"
const ORDER := "do: "
const TEXT := "grüße, 世界 🎲"

## What the option [code]--compression[/code] means.
const COMPRESSION := {
	"enabled": TungstenWebSocketPeer.COMPRESSION_ENABLED,
	"takeover": TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER,
}

## Frames of the engine: many of them, but not all that two processor cores can do.
const FRAMES_PER_SECOND := 500


## The bytes 0 to 255.
static func all_bytes() -> PackedByteArray:
	var bytes := PackedByteArray()
	for byte in 256:
		bytes.append(byte)
	return bytes


## Text of so many characters, which gets smaller.
static func verse(length: int) -> String:
	const LINE := "the quick brown fox jumps over the lazy dog; "
	return LINE.repeat(length / LINE.length() + 1).left(length)


## A message that is like the one before.
static func alike(idx: int) -> String:
	return "{\"player\": %d, \"position\": [12.5, 0.25, -3.75], \"health\": 100}" % idx


## The value of an option [code]--name=value[/code] of the command line; empty if it is not there.
static func option(name: String) -> String:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--%s=" % name):
			return argument.trim_prefix("--%s=" % name)
	return ""


## The value of a header among lines [code]Name: value[/code]; empty if it is not there.
static func header(lines: PackedStringArray, name: String) -> String:
	for line in lines:
		if line.get_slice(":", 0).to_lower() == name.to_lower():
			return line.trim_prefix(line.get_slice(":", 0) + ":").strip_edges()
	return ""
