extends RefCounted
## The base of the cases: what one measures is told by [code]cargo xtask bench[/code], and what came out is told back, one
## line for each measurement.

const Identity := preload("res://bench/identity.gd")
const RawPair := preload("res://bench/raw_pair.gd")

## The name that a case writes our classes with, and what the engine calls its own.
const _OURS := "TungstenWebSocket"
const _ENGINES := "WebSocket"

## The case as it was asked for: [code]name[/code] and what it depends on.
var plan := {}
var rounds := 1
## How long one measurement should take.
var slice_usec := 250_000
## One for the whole run: making it takes longer than a short case.
var identity: Identity = null

var _round := 0


## Measures. Implemented by each case.
func run() -> void:
	pass


## One of the scripts of this folder, with the engine's class in the place of ours.
static func engines(path: String) -> GDScript:
	var script := GDScript.new()
	script.source_code = FileAccess.get_file_as_string(path).replace(_OURS, _ENGINES)
	var error := script.reload()
	assert(error == OK)
	return script


## Tells one measurement.
func report(subject: String, value: float, metric := "") -> void:
	var name: String = plan["name"] + metric
	print("measure ", JSON.stringify({"case": name, "subject": subject, "round": _round, "value": value}))


## Tells why there is nothing to measure.
func skip(subject: String, why: String) -> void:
	print("skip ", JSON.stringify({"case": plan["name"], "subject": subject, "why": why}))


## Calls [param measure] with each subject in each round, so that whatever slows the machine down slows all of them.
func interleave(subjects: Dictionary, measure: Callable) -> void:
	for number in rounds:
		_round = number
		for subject: String in subjects:
			await measure.call(subject, subjects[subject])
