extends RefCounted
## What is between the server and one client, from the moment in which the server has let it in.

const Ledger := preload("res://tests/soak/ledger.gd")

## From the client, and to it.
var up := Ledger.new()
var down := Ledger.new()
## The last packets may be lost: with who is cut, and with who no longer listens.
var may_lose_up := false
var may_lose_down := false
## The client knows that it is in.
var is_claimed := false
## The server has sent it away.
var is_kicked := false
## The server has heard of its end, or has ended it by force.
var server_is_done := false
var client_is_gone := false


## Whether nothing more can come of it.
func is_over() -> bool:
	return server_is_done and (client_is_gone or not is_claimed)


func complaints() -> PackedStringArray:
	var found: PackedStringArray = []
	for ledger: Ledger in [up, down]:
		if not ledger.complaint.is_empty():
			found.append(ledger.complaint)
	if up.missing() > 0 and not may_lose_up:
		found.append("%d packets to the server are lost" % up.missing())
	if down.missing() > 0 and is_claimed and not may_lose_down:
		found.append("%d packets to the client are lost" % down.missing())
	return found
