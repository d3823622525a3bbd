extends RefCounted
## What each member of the session must notice, phase by phase. [code]session.gd[/code] plays it.
##
## A server and two clients come together and call each other's functions. A third client comes late, and finds the ball
## of the server as it is by then. One client is kicked, and then the server quits.

const SERVER := "Server"
const KICKED := "Ben"
const LATE := "Cleo"

const PHASES: Array[String] = ["join", "calls", "late", "calls of all", "ball moves", "ball goes", "kick", "quit"]

## What a member says to every other one in the two phases of calls, besides "to YOU".
const SPEECH: Array[String] = [
	"to all", "bytes", "a long text", "counts reliable", "counts unreliable", "counts unreliable_ordered",
]

## Where the ball is when the server makes it, when the late client comes, and at last.
const BALL: Array[int] = [3, 7, 8]


## What this member must notice in a phase, sorted.
static func expected(phase: String, who: String) -> Array[String]:
	var notes: Array[String] = []
	if is_there(phase, who):
		notes.append_array(_of_all(phase, who))
		notes.append_array(_of_server(phase) if who == SERVER else _of_client(phase, who))
	notes.sort()
	return notes


## Whether this member takes part in a phase.
static func is_there(phase: String, who: String) -> bool:
	if who == LATE:
		return PHASES.find(phase) >= PHASES.find("late")
	return who != KICKED or phase != "quit"


static func _of_all(phase: String, who: String) -> Array[String]:
	var notes: Array[String] = []
	match phase:
		"calls", "calls of all":
			for other: String in [SERVER, "Ada", KICKED, LATE]:
				if other != who and is_there(phase, other):
					notes.append("%s: to %s" % [other, who])
					notes.append_array(SPEECH.map(func(text: String) -> String: return "%s: %s" % [other, text]))
			if who != SERVER:
				notes.append("Server: decrees")
			if who != "Ada":
				notes.append("Ada: decrees")
		"late" when who != LATE:
			notes.append("Cleo is in")
		"kick" when who != KICKED:
			notes.append("Ben is out")
	return notes


static func _of_server(phase: String) -> Array[String]:
	match phase:
		"join":
			return ["Ada is in", "Ben is in"]
		"quit":
			return ["Server ends the session"]
	return []


static func _of_client(phase: String, who: String) -> Array[String]:
	var arrival: Array[String] = ["Server is in", "Server lets us in"]
	match phase:
		"join":
			arrival.append_array(["Ben is in" if who == "Ada" else "Ada is in", "Server: ball at %d" % BALL[0]])
			return arrival
		"calls":
			return ["Server: ball at %d" % BALL[1]]
		"late" when who == LATE:
			arrival.append_array(["Ada is in", "Ben is in", "Server: ball at %d" % BALL[1]])
			return arrival
		"ball moves":
			return ["Server: ball at %d" % BALL[2]]
		"ball goes":
			return ["Server: ball is gone"]
		"kick" when who == KICKED:
			return ["Server is out", "Server ends the session"]
		"quit":
			return ["Server is out", "Server ends the session"]
	return []
