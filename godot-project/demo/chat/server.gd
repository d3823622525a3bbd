extends PanelContainer
## The server of the chat: knows who is there, and passes on what they say.
##
## A client comes with its name, [code]ws://host:9080/?name=Ada[/code], and sends what it says as text. The server sends
## JSON: [code]{"from": "Ada", "text": "hello"}[/code], and [code]{"here": ["Ada", "Grace"]}[/code] whenever that changes.

const MAX_NAME_LEN := 16
const MAX_TEXT_LEN := 500
const NEWS_COLOR := Color(0.55, 0.75, 0.6)

## 0 takes a free one.
@export var port := 9080

## Whether the last client that left said goodbye.
var was_last_clean := false

var _server := WebSocketServer.new()
## The names of those that are there, by id.
var _names := {}

@onready var _title: Label = %Title
@onready var _log: RichTextLabel = %Log
@onready var _people: ItemList = %People


func _ready() -> void:
	_server.client_connected.connect(_on_client_connected)
	_server.client_disconnected.connect(_on_client_disconnected)
	_server.data_received.connect(_on_data_received)
	_server.max_clients = 32
	var error := _server.listen(port)
	if error == OK:
		port = _server.get_local_port()
		_title.text = "Server on port %d" % port
	else:
		_title.text = "Cannot listen on port %d: %s" % [port, error_string(error)]


func _process(_delta: float) -> void:
	_server.poll()


func people() -> Array:
	var names := _names.values()
	names.sort()
	return names


func _on_client_connected(id: int, _protocol: String, resource_name: String) -> void:
	var wanted := resource_name.get_slice("?name=", 1).uri_decode() if resource_name.contains("?name=") else ""
	_names[id] = _free_name(wanted.strip_edges().left(MAX_NAME_LEN))
	_note("%s has come" % _names[id])
	_tell_who_is_here()


func _on_data_received(id: int) -> void:
	var text := _server.get_peer(id).get_packet().get_string_from_utf8().strip_edges().left(MAX_TEXT_LEN)
	if not text.is_empty():
		_note("%s: %d characters" % [_names[id], text.length()])
		_tell({"from": _names[id], "text": text})


func _on_client_disconnected(id: int, was_clean_close: bool) -> void:
	was_last_clean = was_clean_close
	_note("%s %s" % [_names[id], "has left" if was_clean_close else "is lost"])
	_names.erase(id)
	_tell_who_is_here()


func _tell_who_is_here() -> void:
	_people.clear()
	for person: String in people():
		_people.add_item(person, null, false)
	_tell({"here": people()})


func _tell(message: Dictionary) -> void:
	_server.broadcast_text(JSON.stringify(message))


func _note(line: String) -> void:
	_log.push_color(NEWS_COLOR)
	_log.add_text(line + "\n")
	_log.pop()


## The name, or the name with a number if somebody has it.
func _free_name(wanted: String) -> String:
	var base := wanted if not wanted.is_empty() else "Guest"
	var candidate := base
	var number := 1
	while _names.values().has(candidate):
		number += 1
		candidate = "%s %d" % [base, number]
	return candidate
