extends "res://tests/suite.gd"
## One idea has one name in all classes: what ClassDB knows against itself, and against [code]docs/members.md[/code].

const TABLE := "docs/members.md"

## The classes by the headings of the table.
const CLASSES := {
	"Peer": "WebSocketPeer",
	"Client": "WebSocketClient",
	"Node": "WebSocketNode",
	"Server": "WebSocketServer",
	"ServerNode": "WebSocketServerNode",
	"MultiplayerPeer": "WebSocketMultiplayerPeer",
	"Error": "WebSocketError",
}

## What has one name and is not the same everywhere, and why not. The table says so too.
const EXCEPTIONS := {
	"connect_to_url": "the client takes the arguments of Godot 3, the peer those of the engine's own",
	"data_received": "a server says whose it is, as in Godot 3",
	"failed": "a server says whose it is",
	"get_peer": "a node has one connection; the engine calls the argument of its own peer_id",
	"handshake_timeout": "Godot 3 and the engine give a client of a server 3 seconds",
	"listen": "Godot 3's has arguments for what is a property of the node",
	"message_received": "a server says whose it is",
	"send": "a server says to whom",
	"send_text": "a server says to whom",
}


func test_when_two_classes_have_a_member_of_one_name_then_it_is_the_same() -> void:
	var known := {}
	var different := {}
	for heading: String in CLASSES:
		var members := _members(CLASSES[heading])
		for name: String in members:
			if not known.has(name):
				known[name] = members[name]
			elif known[name] != members[name]:
				different[name] = true
				expect_true(EXCEPTIONS.has(name), "%s of %s: %s, elsewhere: %s" % [name, heading, members[name], known[name]])
	for name: String in EXCEPTIONS:
		expect_true(different.has(name), "%s differs" % name)


func test_when_a_class_has_a_member_then_it_is_in_the_table() -> void:
	var table := _table()
	for heading: String in CLASSES:
		for name: String in _members(CLASSES[heading]):
			expect_true(table.get(name, {}).has(heading), "%s has %s in the column of %s" % [TABLE, name, heading])


func test_when_the_table_has_a_member_then_its_class_does() -> void:
	var table := _table()
	expect_true(table.size() > 100, "%d members" % table.size())
	for name: String in table:
		for heading: String in table[name]:
			var registered := class_named(CLASSES[heading])
			var is_there := ClassDB.class_has_method(registered, name) or ClassDB.class_has_signal(registered, name)
			var properties := ClassDB.class_get_property_list(registered)
			is_there = is_there or properties.any(func(property: Dictionary) -> bool: return property["name"] == name)
			expect_true(is_there, "%s has %s" % [heading, name])


func test_when_a_member_is_an_exception_then_the_table_says_so() -> void:
	var text := FileAccess.get_file_as_string(repository_path(TABLE))
	var part := text.get_slice("## Exceptions", 1).get_slice("\n## ", 0)
	for name: String in EXCEPTIONS:
		expect_true(part.contains("`%s" % name), name)


## What a class has itself, by its name: what a script has to know to use it. Accessors are left to their properties.
func _members(plain: String) -> Dictionary:
	var registered := class_named(plain)
	var members := {}
	var accessors := {}
	for property in ClassDB.class_get_property_list(registered, true):
		if property["usage"] & (PROPERTY_USAGE_GROUP | PROPERTY_USAGE_CATEGORY) == 0:
			var default: Variant = ClassDB.class_get_property_default_value(registered, property["name"])
			members[property["name"]] = [_type(property), default]
			for accessor: String in ["get_%s", "set_%s", "is_%s_enabled", "set_%s_enabled"]:
				accessors[accessor % property["name"]] = true
	for method in ClassDB.class_get_method_list(registered, true):
		if not accessors.has(method["name"]) and not method["name"].begins_with("_"):
			members[method["name"]] = [_type(method["return"]), method["args"].map(_argument), method["default_args"]]
	for description in ClassDB.class_get_signal_list(registered, true):
		members[description["name"]] = description["args"].map(_argument)
	return members


func _argument(argument: Dictionary) -> Array:
	return [argument["name"], _type(argument)]


func _type(value: Dictionary) -> Array:
	return [value["type"], String(value["class_name"])]


## Where the table has a mark: the headings by the name of the member.
func _table() -> Dictionary:
	var table := {}
	var headings: PackedStringArray = []
	for line in FileAccess.get_file_as_string(repository_path(TABLE)).split("\n"):
		var cells := Array(line.split("|")).slice(1, -1).map(func(cell: String) -> String: return cell.strip_edges())
		if cells.is_empty():
			headings = []
		elif headings.is_empty():
			headings = cells
		elif cells[0].begins_with("`"):
			var name: String = cells[0].get_slice("`", 1).get_slice("(", 0)
			for column in range(1, cells.size()):
				if CLASSES.has(headings[column]) and not cells[column].is_empty():
					table.merge({name: {}})
					table[name][headings[column]] = true
	return table
