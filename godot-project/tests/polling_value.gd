extends RefCounted
## A value that a peer receives as an object, and that uses the peer while it is being made.

## What is done with each value that is set.
static var on_set := Callable()

@export var first := 0:
	set(value):
		first = value
		if on_set.is_valid():
			on_set.call()

## What is read of the packet after that.
@export var rest := ""
