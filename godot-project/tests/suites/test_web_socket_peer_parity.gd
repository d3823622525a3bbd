extends "res://tests/parity_suite.gd"
## Our class has every member of the engine's own class.

const OURS := &"TungstenWebSocketPeer"
const THEIRS := &"WebSocketPeer"

## What differs on purpose: the part of the description, then theirs and ours, then the reason.
const _DIFFERENT := {
	"heartbeat_interval": [TYPE_INT, TYPE_FLOAT, "theirs is declared as int, but set and got as float"],
}


func _init() -> void:
	our_class = OURS
	their_class = THEIRS


func test_when_methods_are_compared_then_ours_has_all_of_theirs() -> void:
	expect_methods(26)


func test_when_properties_are_compared_then_ours_has_all_of_theirs() -> void:
	expect_properties(6, _DIFFERENT)


func test_when_enums_are_compared_then_ours_has_all_of_theirs() -> void:
	var ours := ClassDB.class_get_enum_list(OURS, true)
	var expected := ClassDB.class_get_enum_list(THEIRS, true) + PackedStringArray(["Compression"])
	ours.sort()
	expected.sort()
	expect_eq(ours, expected)
	for name: String in ClassDB.class_get_enum_list(THEIRS, true):
		var constants := ClassDB.class_get_enum_constants(THEIRS, name, true)
		expect_eq(ClassDB.class_get_enum_constants(OURS, name, true), constants, name)
		for constant in constants:
			var value := ClassDB.class_get_integer_constant(THEIRS, constant)
			expect_eq(ClassDB.class_get_integer_constant(OURS, constant), value, constant)


func test_when_enums_are_used_in_a_script_then_they_have_names() -> void:
	expect_eq(TungstenWebSocketPeer.State.STATE_OPEN, WebSocketPeer.STATE_OPEN)
	expect_eq(TungstenWebSocketPeer.STATE_CLOSED, 3)
	expect_eq(TungstenWebSocketPeer.WriteMode.WRITE_MODE_TEXT, 0)
	expect_eq(TungstenWebSocketPeer.WRITE_MODE_BINARY, 1)


func test_when_the_class_is_looked_up_then_it_is_a_packet_peer() -> void:
	expect_eq(ClassDB.get_parent_class(OURS), &"PacketPeerExtension")
	expect_true(ClassDB.is_parent_class(OURS, &"PacketPeer"))
	expect_true(ClassDB.can_instantiate(OURS))
	expect_eq(TungstenWebSocketPeer.new().get_class(), "TungstenWebSocketPeer")
	expect_eq(ClassDB.class_get_signal_list(OURS, true), [] as Array[Dictionary])


func test_when_members_of_godot_3_are_looked_up_then_they_are_there() -> void:
	for method: String in ["get_write_mode", "set_write_mode", "is_connected_to_host"]:
		expect_true(ClassDB.class_has_method(OURS, method, true), method)


func test_when_the_error_class_is_looked_up_then_scripts_cannot_make_one() -> void:
	expect_true(ClassDB.class_exists(&"WebSocketError"))
	expect_true(not ClassDB.can_instantiate(&"WebSocketError"))
	expect_eq(Array(ClassDB.class_get_enum_list(&"WebSocketError", true)), ["Phase", "Kind"])
