@tool
extends Node
## Runs in the editor: says whether the extension is there, and looks up its help unless the editor only imports.

const CLASS_NAMES: Array[String] = [
	"TungstenWebSocketPeer", "TungstenWebSocketMultiplayerPeer", "WebSocketClient", "WebSocketServer", "WebSocketError", "WebSocketNode",
]
const EMPTY := "There is currently no description"
const DEADLINE_MS := 100_000
## Pages are opened so seldom because that takes long.
const FRAMES := 30

var _unread := CLASS_NAMES.duplicate()


func _ready() -> void:
	var is_there := func(each: String) -> bool: return ClassDB.class_exists(each)
	print("newcomer: the classes are there: ", CLASS_NAMES.all(is_there))
	set_process(Engine.is_editor_hint() and not OS.get_cmdline_args().has("--import"))


## Until all pages have their texts. The editor first has to make its cache.
func _process(_delta: float) -> void:
	if Engine.get_process_frames() % FRAMES != 0 or not FileAccess.file_exists(_cache()):
		return
	_unread = _unread.filter(_is_empty)
	if _unread.is_empty():
		print("newcomer: help: ok")
		get_tree().quit()
	elif Time.get_ticks_msec() > DEADLINE_MS:
		push_error("empty pages: ", _unread)
		get_tree().quit(1)


func _cache() -> String:
	var folder := EditorInterface.get_editor_paths().get_cache_dir()
	return "%s/editor_doc_cache-4.%d.res" % [folder, Engine.get_version_info()["minor"]]


## Whether the page of a class lacks the texts. Pages do not change while they are open.
func _is_empty(looked_up: String) -> bool:
	EditorInterface.get_script_editor().goto_help("class_name:" + looked_up)
	var text := ""
	for page: Node in EditorInterface.get_script_editor().find_children("*", "EditorHelp", true, false):
		text += (page.find_children("*", "RichTextLabel", true, false)[0] as RichTextLabel).get_parsed_text()
		page.free()
	return text.is_empty() or text.contains(EMPTY)
