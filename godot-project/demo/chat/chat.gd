extends Control
## A server and two clients side by side.
##
## [codeblock]
## godot --path godot-project demo/chat/chat.tscn [-- --self-test]
## [/codeblock]

const TIMEOUT_MS := 8000

var _deadline_ms := 0

@onready var _server: PanelContainer = %Server
@onready var _ada: PanelContainer = %Ada
@onready var _grace: PanelContainer = %Grace


func _ready() -> void:
	if OS.get_cmdline_user_args().has("--self-test"):
		var why := await self_test()
		print("chat: ok" if why.is_empty() else "chat: failed: " + why)
		get_tree().quit(0 if why.is_empty() else 1)
	elif get_tree().current_scene == self:
		await talk()


## Both come, and say something. Returns what did not happen, if anything.
func talk() -> String:
	_deadline_ms = Time.get_ticks_msec() + TIMEOUT_MS
	var address := "ws://127.0.0.1:%d" % _server.port
	_ada.join(address, "Ada")
	if not await _until(func() -> bool: return _ada.people == ["Ada"]):
		return "Ada did not come in"
	_grace.join(address, "Grace")
	if not await _until(func() -> bool: return _all_see(["Ada", "Grace"])):
		return "Grace did not come in"
	for line: Array in [[_grace, "hello, Ada"], [_ada, "hello, Grace"], [_ada, "who else is there?"], [_grace, "just the two of us"]]:
		var count: int = _ada.heard.size() + 1
		line[0].say(line[1])
		if not await _until(func() -> bool: return _ada.heard.size() == count and _grace.heard.size() == count):
			return "not everybody heard: " + line[1]
	return ""


## The same, and then one leaves. Returns what did not happen, if anything.
func self_test() -> String:
	var why := await talk()
	if not why.is_empty():
		return why
	if _ada.heard != _grace.heard or _ada.heard[0] != "Grace: hello, Ada":
		return "they heard %s and %s" % [_ada.heard, _grace.heard]
	_grace.leave()
	if not await _until(func() -> bool: return _ada.people == ["Ada"] and _grace.people.is_empty()):
		return "Grace did not leave"
	if not _grace.was_clean or not _server.was_last_clean:
		return "the close was not clean"
	return ""


func _all_see(names: Array) -> bool:
	return _server.people() == names and _ada.people == names and _grace.people == names


## Whether the condition, which is asked once a frame, holds in time.
func _until(condition: Callable) -> bool:
	while not condition.call():
		if Time.get_ticks_msec() > _deadline_ms:
			return false
		await get_tree().process_frame
	return true
