extends "res://tests/suite.gd"
## Our class has every member of the engine's own class, which is asked in the same process.

const OURS := &"TungstenWebSocketPeer"
const THEIRS := &"WebSocketPeer"

## What differs on purpose: the part of the description, then theirs and ours, then the reason.
const _DIFFERENT := {
	"heartbeat_interval": [TYPE_INT, TYPE_FLOAT, "theirs is declared as int, but set and got as float"],
}


func test_when_methods_are_compared_then_ours_has_all_of_theirs() -> void:
	var ours := _by_name(ClassDB.class_get_method_list(OURS, true))
	var theirs := _by_name(ClassDB.class_get_method_list(THEIRS, true))
	expect_true(theirs.size() > 25, "the engine tells its methods")
	for method: String in theirs:
		expect_eq(_signature(ours.get(method, {})), _signature(theirs[method]), method)


func test_when_properties_are_compared_then_ours_has_all_of_theirs() -> void:
	var ours := _by_name(ClassDB.class_get_property_list(OURS, true))
	var theirs := _by_name(ClassDB.class_get_property_list(THEIRS, true))
	expect_eq(_named_properties(theirs).size(), 6, str(theirs.keys()))
	for property: String in _named_properties(theirs):
		if not ours.has(property):
			fail("there is no property %s" % property)
			continue
		var types: Array = [theirs[property]["type"], ours[property]["type"]]
		if _DIFFERENT.has(property):
			expect_eq(types, _DIFFERENT[property].slice(0, 2), property)
		else:
			expect_eq(types[1], types[0], property)


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


## Arguments, defaults and result of a method, in words that are the same for equal ones of both classes.
func _signature(method: Dictionary) -> String:
	if method.is_empty():
		return "there is none"
	var arguments: PackedStringArray = []
	var first_default: int = method["args"].size() - method["default_args"].size()
	for idx: int in method["args"].size():
		var argument: Dictionary = method["args"][idx]
		var text := "%s: %s" % [argument["name"], _type(argument)]
		if idx >= first_default:
			text += " = " + var_to_str(method["default_args"][idx - first_default])
		arguments.append(text)
	var constness := " const" if method["flags"] & METHOD_FLAG_CONST else ""
	return "(%s) -> %s%s" % [", ".join(arguments), _type(method["return"]), constness]


func _type(value: Dictionary) -> String:
	var name: String = value["class_name"]
	return name.replace(OURS, THEIRS) if not name.is_empty() else type_string(value["type"])


func _by_name(descriptions: Array[Dictionary]) -> Dictionary:
	var found := {}
	for description in descriptions:
		found[description["name"]] = description
	return found


## Without the headings of the inspector.
func _named_properties(properties: Dictionary) -> Array:
	return properties.keys().filter(func(name: String) -> bool: return properties[name]["type"] != TYPE_NIL)
