extends Logger
## Collects whatever comes to the console, from any thread: whole texts, those of messages as well.
##
## The base class exists in Godot 4.5 and later; this file must not be loaded before.

## Called for each text, on the thread and at the moment at which it is printed.
var on_text := Callable()

var _mutex := Mutex.new()
var _texts: PackedStringArray = []


## All texts since the last call.
func take() -> PackedStringArray:
	_mutex.lock()
	var taken := _texts
	_texts = []
	_mutex.unlock()
	return taken


func _log_message(message: String, _error: bool) -> void:
	_add(message)


func _log_error(
	_function: String,
	_file: String,
	_line: int,
	code: String,
	rationale: String,
	_editor_notify: bool,
	_error_type: int,
	_backtraces: Array[ScriptBacktrace]
) -> void:
	_add(code if rationale.is_empty() else rationale)


func _add(text: String) -> void:
	_mutex.lock()
	_texts.append(text)
	_mutex.unlock()
	if on_text.is_valid():
		on_text.call(text)
