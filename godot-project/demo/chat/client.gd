extends PanelContainer
## A client of the chat; [code]server.gd[/code] says what both send.

const NEWS_COLOR := Color(0.6, 0.63, 0.7)
const NAME_COLORS: Array[Color] = [Color(0.45, 0.72, 1.0), Color(1.0, 0.7, 0.4), Color(0.8, 0.62, 1.0), Color(0.5, 0.85, 0.65)]

## Who is there, as the server says.
var people := []
## What was said, each as [code]NAME: TEXT[/code].
var heard: Array[String] = []
## Whether the last connection was closed by both sides.
var was_clean := false

var _client := WebSocketClient.new()

@onready var _name: LineEdit = %Name
@onready var _address: LineEdit = %Address
@onready var _join: Button = %Join
@onready var _log: RichTextLabel = %Log
@onready var _people: ItemList = %People
@onready var _line: LineEdit = %Line
@onready var _send: Button = %Send


func _ready() -> void:
	_client.connection_established.connect(_on_connection_established)
	_client.data_received.connect(_on_data_received)
	_client.failed.connect(_on_failed)
	_client.connection_error.connect(_show_who_is_here.bind([]))
	_client.connection_closed.connect(_on_connection_closed)
	_join.pressed.connect(_on_join_pressed)
	_send.pressed.connect(_on_send_pressed)
	_line.text_submitted.connect(_on_send_pressed.unbind(1))
	_show_who_is_here([])


func _process(_delta: float) -> void:
	_client.poll()


func join(address: String, person: String) -> void:
	_name.text = person
	_address.text = address
	_join.disabled = _client.connect_to_url("%s/?name=%s" % [address.trim_suffix("/"), person.uri_encode()]) == OK
	if not _join.disabled:
		_note("this address cannot be used")


func say(text: String) -> void:
	if _client.get_peer(1).send_text(text) != OK:
		_note("that was not sent")


func leave() -> void:
	_client.disconnect_from_host(1000, "goodbye")


func _on_connection_established(_protocol: String) -> void:
	_note("you are in")
	_join.disabled = false
	_join.text = "Leave"
	_line.editable = true
	_send.disabled = false


func _on_data_received() -> void:
	var message: Dictionary = JSON.parse_string(_client.get_peer(1).get_packet().get_string_from_utf8())
	if message.has("here"):
		_show_who_is_here(message["here"])
	else:
		_show_speech(message["from"], message["text"])


func _on_failed(error: WebSocketError) -> void:
	_note(error.message)


func _on_connection_closed(was_clean_close: bool) -> void:
	was_clean = was_clean_close
	_note("you are out")
	_show_who_is_here([])


func _on_join_pressed() -> void:
	leave() if _join.text == "Leave" else join(_address.text, _name.text)


func _on_send_pressed() -> void:
	if not _line.text.is_empty():
		say(_line.text)
		_line.clear()


func _show_speech(person: String, text: String) -> void:
	heard.append("%s: %s" % [person, text])
	_log.push_color(NAME_COLORS[person.unicode_at(0) % NAME_COLORS.size()])
	_log.add_text(person + "  ")
	_log.pop()
	_log.add_text(text + "\n")


## An empty list means that we are not there either.
func _show_who_is_here(names: Array) -> void:
	people = names
	_people.clear()
	for person: String in names:
		_people.add_item(person, null, false)
	if names.is_empty():
		_join.disabled = false
		_join.text = "Join"
		_line.editable = false
		_send.disabled = true


func _note(line: String) -> void:
	_log.push_color(NEWS_COLOR)
	_log.add_text(line + "\n")
	_log.pop()
