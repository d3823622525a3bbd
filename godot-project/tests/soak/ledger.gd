extends RefCounted
## The packets that one side has sent to another, and that have to arrive once and in their order.
##
## A packet is its number in 8 bytes, and filler that follows from it.

const HEAD := 8

## What came otherwise than it was sent; empty if all is well.
var complaint := ""
## How many have arrived.
var arrived := 0
## Numbers, in the order in which they were sent.
var _on_their_way: Array[int] = []
## Of these it is not known whether they were sent: some of a broadcast's receivers have refused it.
var _uncertain := {}


static func packet(number: int, size: int) -> PackedByteArray:
	var bytes := PackedByteArray()
	bytes.resize(HEAD + size)
	bytes.fill(number & 0xff)
	bytes.encode_s64(0, number)
	return bytes


func expect(number: int, is_certain := true) -> void:
	_on_their_way.append(number)
	if not is_certain:
		_uncertain[number] = true


## A packet has arrived.
func take(bytes: PackedByteArray) -> void:
	if bytes.size() < HEAD or bytes.count(bytes.decode_s64(0) & 0xff) < bytes.size() - HEAD:
		complaint = "a packet of %d bytes is not what was sent" % bytes.size()
		return
	var number := bytes.decode_s64(0)
	while not _on_their_way.is_empty() and _on_their_way[0] != number and _uncertain.has(_on_their_way[0]):
		_uncertain.erase(_on_their_way.pop_front())
	if _on_their_way.is_empty() or _on_their_way[0] != number:
		complaint = "packet %d came when %s was due" % [number, _on_their_way.slice(0, 3)]
		return
	_uncertain.erase(number)
	_on_their_way.pop_front()
	arrived += 1


## How many have been sent for certain and have not arrived.
func missing() -> int:
	return _on_their_way.size() - _uncertain.size()
