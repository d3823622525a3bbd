extends Logger
## Collects what the engine and scripts report as errors and warnings, from any thread.
##
## The base class exists in Godot 4.5 and later; this file must not be loaded before.

var _mutex := Mutex.new()
var _errors: Array[Dictionary] = []


## All errors since the last call, each with [code]text[/code], [code]file[/code], [code]line[/code],
## [code]is_script[/code], and its [code]kind[/code], which is "error" or "warning".
func take() -> Array[Dictionary]:
	_mutex.lock()
	var taken := _errors
	_errors = []
	_mutex.unlock()
	return taken


func _log_error(
	_function: String,
	file: String,
	line: int,
	code: String,
	rationale: String,
	_editor_notify: bool,
	error_type: int,
	_backtraces: Array[ScriptBacktrace]
) -> void:
	var text := (code if rationale.is_empty() else rationale).get_slice("\n", 0).strip_edges()
	var is_script := error_type == Logger.ERROR_TYPE_SCRIPT
	var kind := "warning" if error_type == Logger.ERROR_TYPE_WARNING else "error"
	_mutex.lock()
	_errors.append({"text": text, "file": file, "line": line, "is_script": is_script, "kind": kind})
	_mutex.unlock()
