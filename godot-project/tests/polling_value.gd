extends RefCounted
## A value that is received as an object, and that uses the peer while it is being made.

## What it does then.
static var on_set := Callable()
## How large the packet is that it comes in.
static var packet_size := 0

@export var first := 0:
	set(value):
		first = value
		if on_set.is_valid():
			on_set.call()
			_write_over_free_memory()

## What is read of the packet after that.
@export var rest := ""


## One that is large enough to have memory of its own.
static func large() -> RefCounted:
	var value: RefCounted = load("res://tests/polling_value.gd").new()
	value.rest = "rest".repeat(50_000)
	packet_size = var_to_bytes_with_objects(value).size()
	return value


## Uses the memory that was given back, if the packet was in it.
func _write_over_free_memory() -> void:
	var blocks: Array[PackedByteArray] = []
	for _index in 64:
		var block := PackedByteArray()
		block.resize(packet_size)
		block.fill(255)
		blocks.append(block)
