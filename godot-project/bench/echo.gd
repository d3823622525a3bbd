extends "res://bench/case.gd"
## Messages there and back, with some of them under way: [code]size[/code], [code]window[/code], and the switches
## [code]text[/code], [code]mixed[/code], [code]tls[/code] and [code]times[/code], which is how often instead of how long.

const _PROBES := 8
const _ASCII := "The quick brown fox jumps over the lazy dog. "
const _LATIN: Array[String] = [_ASCII]
## Characters of one to four bytes, as they are written.
const _SCRIPTS: Array[String] = [
	_ASCII,
	"Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ",
	"Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ",
	"Съешь же ещё этих мягких французских булок. ",
	"天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。",
	"いろはにほへと ちりぬるを。",
	"gg 😀🎮🚀👾 wp! ",
]

var _message := PackedByteArray()
var _text := ""
## How many messages a measurement of a subject takes.
var _counts := {}


func run() -> void:
	_message.resize(plan["size"])
	_message.fill(0x61)
	if plan.get("text", false):
		_text = _text_of(plan["size"], _SCRIPTS if plan.get("mixed", false) else _LATIN)
	var pairs := open_pairs(plan["size"] * plan["window"])
	for subject: String in pairs:
		_counts[subject] = plan.get("times", _count_for(pairs[subject]))
	await interleave(pairs, _measure)
	for subject: String in pairs:
		pairs[subject].close()


## The subjects that can do the case, each with an open connection.
func open_pairs(bytes_in_flight: int) -> Dictionary:
	var pairs := {
		"raw": RawPair.new(),
		"engine": engines("res://bench/pair.gd").new(),
		"accept": load("res://bench/pair.gd").new(),
		"ours": load("res://bench/pair_with_server.gd").new(),
	}
	if plan.get("tls", false):
		pairs.erase("raw")
	for subject: String in pairs.keys():
		var error: Error = pairs[subject].listen(bytes_in_flight, identity if plan.get("tls", false) else null)
		if error == OK:
			error = pairs[subject].open()
		if error != OK:
			skip(subject, "it does not open: " + error_string(error))
			pairs.erase(subject)
	return pairs


func _measure(subject: String, pair: RefCounted) -> void:
	var count: int = _counts[subject]
	var usec := _exchange(pair, count)
	if usec < 0:
		skip(subject, "a message was refused or lost")
	else:
		report(subject, count * 1e6 / usec)


func _exchange(pair: RefCounted, count: int) -> int:
	if _text.is_empty():
		return pair.echo(_message, plan["window"], count)
	return pair.echo_text(_text, plan["window"], count)


## How many messages fill the time of a measurement.
func _count_for(pair: RefCounted) -> int:
	var count: int = plan["window"]
	var usec := _exchange(pair, count)
	for _probe in _PROBES:
		if usec > slice_usec / 4 or usec < 0:
			break
		count *= 2
		usec = _exchange(pair, count)
	return maxi(count * slice_usec / maxi(usec, 1), 1)


## A text of so many bytes, made of these in no order that a processor could learn.
func _text_of(size: int, pieces: Array[String]) -> String:
	var random := RandomNumberGenerator.new()
	random.seed = 1
	var text := ""
	var room := size
	while room > 0:
		var piece := pieces[random.randi() % pieces.size()]
		if piece.to_utf8_buffer().size() > room:
			piece = _ASCII.left(room)
		text += piece
		room -= piece.to_utf8_buffer().size()
	return text
