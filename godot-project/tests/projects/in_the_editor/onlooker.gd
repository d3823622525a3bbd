@tool
extends Node
## Runs in the editor: opens a scene and prints what the editor shows of it.

const SCENE := "res://connections.tscn"
const NODES: Array[String] = ["Empty", "Wrong", "Manual", "Fine", "Server", "Half"]
const DEADLINE_MS := 30_000

var _started := Time.get_ticks_msec()


func _ready() -> void:
	if not Engine.is_editor_hint():
		return
	# The editor first looks through the project.
	await get_tree().process_frame
	EditorInterface.open_scene_from_path(SCENE)
	await _until(func() -> bool: return not _warnings_of("Empty").is_empty())
	_tell_warnings("at first")
	var root := EditorInterface.get_edited_scene_root()
	root.get_node("Empty").url = "ws://127.0.0.1"
	root.get_node("Wrong").url = ""
	root.get_node("Manual").connect_on_ready = true
	root.get_node("Fine").url = "ws://"
	root.get_node("Server").handshake_headers = ["no field"]
	root.get_node("Half").private_key = null
	await _until(func() -> bool: return not _warnings_of("Fine").is_empty() and _warnings_of("Half").is_empty())
	_tell_warnings("later")
	EditorInterface.inspect_object(root.get_node("Fine"))
	await _until(func() -> bool: return _editor_of("compression") != null)
	print("compression is edited with: ", _editor_of("compression").get_class())
	var connected := NODES.filter(func(name: String) -> bool:
		var node := root.get_node(name)
		return node.is_listening() if node is WebSocketServerNode else node.get_peer() != null)
	print("connected in the editor: ", connected)
	get_tree().quit()


func _tell_warnings(when: String) -> void:
	for name in NODES:
		var warnings := _warnings_of(name)
		print("%s, %s: %s" % [when, name, "none" if warnings.is_empty() else warnings])


## What the scene dock says when the mouse is over the buttons of a node.
func _warnings_of(name: String) -> String:
	for tree: Tree in EditorInterface.get_base_control().find_children("*", "Tree", true, false):
		var item := _item(tree.get_root(), name)
		if item != null:
			var tips := range(item.get_button_count(0)).map(func(idx: int) -> String:
				return item.get_button_tooltip_text(0, idx))
			return " ".join(tips).replace("\n", " ")
	return ""


func _item(above: TreeItem, name: String) -> TreeItem:
	if above == null or above.get_text(0) == name:
		return above
	for child in above.get_children():
		var found := _item(child, name)
		if found != null:
			return found
	return null


func _editor_of(property: String) -> EditorProperty:
	for editor: EditorProperty in EditorInterface.get_inspector().find_children("*", "EditorProperty", true, false):
		if editor.get_edited_property() == property:
			return editor
	return null


func _until(condition: Callable) -> void:
	while not condition.call():
		if Time.get_ticks_msec() - _started > DEADLINE_MS:
			push_error("it took too long")
			get_tree().quit(1)
			return
		await get_tree().process_frame
