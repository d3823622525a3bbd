extends "res://tests/suite.gd"
## What the inspector makes of properties: one that is an enumeration has a list to choose from.

const CLASSES := ["WebSocketPeer", "WebSocketMultiplayerPeer", "WebSocketClient", "WebSocketServer", "WebSocketNode", "WebSocketServerNode"]


func test_when_a_property_is_an_enumeration_then_it_is_a_list_of_all_its_values() -> void:
	for plain: String in CLASSES:
		var found := 0
		for property in ClassDB.class_get_property_list(class_named(plain), true):
			if _is_enumeration(plain, property["name"]):
				found += 1
				_expect_list(plain, property)
		expect_eq(found, 1, plain)


## The property has the hint of an enumeration, and names that enumeration for scripts and the help.
func _expect_list(plain: String, property: Dictionary) -> void:
	var name := "%s.%s" % [plain, property["name"]]
	expect_eq([property["hint"], property["hint_string"]], [PROPERTY_HINT_ENUM, "Disabled:0,Enabled:1,Context Takeover:2"], name)
	expect_true(property["usage"] & PROPERTY_USAGE_CLASS_IS_ENUM != 0, name)
	expect_true(property["usage"] & PROPERTY_USAGE_EDITOR != 0, name)
	expect_eq(property["class_name"], class_named("WebSocketPeer") + ".Compression", name)


## Whether the setter takes an enumeration.
func _is_enumeration(plain: String, property: String) -> bool:
	for method in ClassDB.class_get_method_list(class_named(plain), true):
		if method["name"] == "set_" + property:
			return method["args"][0]["usage"] & PROPERTY_USAGE_CLASS_IS_ENUM != 0
	return false
