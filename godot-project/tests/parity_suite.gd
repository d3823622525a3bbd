extends "res://tests/suite.gd"
## The base of the suites that compare a class of ours with the engine's own, which is asked in the same process.

## The names of both classes.
var our_class := &""
var their_class := &""


## Fails unless our class has all methods of theirs, with the same arguments, defaults and results. [param renamed] has
## types of ours by theirs.
func expect_methods(at_least: int, renamed := {}) -> void:
	var of_ours := _by_name(ClassDB.class_get_method_list(our_class, true))
	var of_theirs := _by_name(ClassDB.class_get_method_list(their_class, true))
	expect_true(of_theirs.size() >= at_least, "the engine tells its methods")
	for method: String in of_theirs:
		var signature := _signature(of_theirs[method])
		for type: String in renamed:
			signature = signature.replace(type, renamed[type])
		expect_eq(_signature(of_ours.get(method, {})), signature, method)


## Fails unless our class has all properties of theirs, with the same types. [param different] has both types of those
## that differ on purpose, and the reason.
func expect_properties(count: int, different := {}) -> void:
	var of_ours := _by_name(ClassDB.class_get_property_list(our_class, true))
	var of_theirs := _by_name(ClassDB.class_get_property_list(their_class, true))
	expect_eq(_named_properties(of_theirs).size(), count, str(of_theirs.keys()))
	for property: String in _named_properties(of_theirs):
		if not of_ours.has(property):
			fail("there is no property %s" % property)
			continue
		var types: Array = [of_theirs[property]["type"], of_ours[property]["type"]]
		if different.has(property):
			expect_eq(types, different[property].slice(0, 2), property)
		else:
			expect_eq(types[1], types[0], property)


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
	return name.replace(our_class, their_class) if not name.is_empty() else type_string(value["type"])


func _by_name(descriptions: Array[Dictionary]) -> Dictionary:
	var found := {}
	for description in descriptions:
		found[description["name"]] = description
	return found


## Without the headings of the inspector.
func _named_properties(properties: Dictionary) -> Array:
	return properties.keys().filter(func(name: String) -> bool: return properties[name]["type"] != TYPE_NIL)
