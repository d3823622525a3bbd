@tool
extends Node
## Runs in the editor: opens a connection, reloads the extension under it, and opens another one.

const ADDON := "res://addons/tungsten/tungsten.gdextension"
const DEADLINE_MS := 30_000

var _kept: Object = null
var _started := Time.get_ticks_msec()


func _ready() -> void:
	if not Engine.is_editor_hint():
		return
	# The editor first looks through the project, and must not be interrupted by a reload.
	await get_tree().process_frame
	var testkit: RefCounted = load("res://tests/testkit.gd").new()
	_kept = await _open(testkit, true)
	# What is gathered leaves at the end of the frame, when the library that has gathered it is gone.
	for _i in 3:
		_kept.send_text("left behind")
	print("open before the reload")
	print("reloaded: ", GDExtensionManager.reload_extension(ADDON) == GDExtensionManager.LOAD_STATUS_OK)
	var state: int = _kept.get_ready_state()
	print("after the reload the connection is closed: ", state == 3)
	var other := await _open(testkit, false)
	print("open after the reload")
	other.close()
	await _until(other, 3)
	_kept = null
	get_tree().quit()


## Opens a connection. What the server has seen is checked afterwards if it is told.
func _open(testkit: RefCounted, is_told: bool) -> Object:
	var server: RefCounted = testkit.start({"script": ["upgrade", "answer_close"]})
	if is_told:
		print("server: ", server.id)
	var peer: Object = ClassDB.instantiate("TungstenWebSocketPeer")
	peer.connect_to_url(server.url)
	await _until(peer, 1)
	return peer


func _until(peer: Object, state: int) -> void:
	while peer.get_ready_state() != state:
		if Time.get_ticks_msec() - _started > DEADLINE_MS:
			push_error("it took too long")
			get_tree().quit(1)
			return
		peer.poll()
		await get_tree().process_frame
