extends "res://tests/suite.gd"
## The pages of editor help against what the extension has registered.

const CLASSES := ["WebSocketPeer", "WebSocketMultiplayerPeer", "WebSocketClient", "WebSocketServer", "WebSocketError", "WebSocketNode", "WebSocketServerNode"]
const PAGES := "rust/godot/doc_classes"

## The tags whose text explains something, and those that are named after what they explain.
const _DESCRIBED := ["method", "member", "signal", "constant"]

## The engine keeps a script that it has compiled, so there is one for all, made before objects are counted.
static var _script := GDScript.new()


## What a page says.
class Page:
	var attributes := {}
	## The texts of the page itself, by tag.
	var texts := {}
	## For each kind of tag: its attributes, its text under "text" and its parameters under "params", by name.
	var entries := {}


func test_when_a_page_is_read_then_it_is_that_of_its_class() -> void:
	for plain: String in CLASSES:
		var page := _page(plain)
		expect_eq(page.attributes.get("name"), plain, "the loader puts the registered name in its place")
		expect_eq(page.attributes.get("inherits"), ClassDB.get_parent_class(class_named(plain)), plain)
		for tag: String in ["brief_description", "description"]:
			expect_true(not page.texts.get(tag, "").is_empty(), "%s has a %s" % [plain, tag])


func test_when_a_method_is_registered_then_it_is_described_with_its_parameters() -> void:
	for plain: String in CLASSES:
		var page := _page(plain)
		var methods := {}
		for method in ClassDB.class_get_method_list(class_named(plain), true):
			# The engine's help shows nothing that begins with an underscore.
			if not _accessors(page).has(method["name"]) and not method["name"].begins_with("_"):
				methods[method["name"]] = _argument_names(method)
		_expect_described(plain, "method", page.entries["method"], methods.keys())
		for method: String in methods:
			expect_eq(page.entries["method"].get(method, {}).get("params"), methods[method], "%s.%s" % [plain, method])


func test_when_a_property_is_registered_then_it_is_described_with_its_default() -> void:
	for plain: String in CLASSES:
		var page := _page(plain)
		var registered := class_named(plain)
		var properties := _properties(registered)
		_expect_described(plain, "member", page.entries["member"], properties)
		for property: String in properties:
			var default: Variant = ClassDB.class_get_property_default_value(registered, property)
			var told: String = page.entries["member"].get(property, {}).get("default", "")
			expect_eq(str_to_var(told), default, "the default of %s.%s" % [plain, property])
		for accessor: String in _accessors(page):
			# What is read-only has no setter.
			if accessor.is_empty():
				continue
			expect_true(ClassDB.class_has_method(registered, accessor, true), "%s.%s is there" % [plain, accessor])


func test_when_a_signal_is_registered_then_it_is_described_with_its_parameters() -> void:
	for plain: String in CLASSES:
		var page := _page(plain)
		var signals := {}
		for description in ClassDB.class_get_signal_list(class_named(plain), true):
			signals[description["name"]] = _argument_names(description)
		_expect_described(plain, "signal", page.entries["signal"], signals.keys())
		for description: String in signals:
			var told: Variant = page.entries["signal"].get(description, {}).get("params")
			expect_eq(told, signals[description], "%s.%s" % [plain, description])


func test_when_a_constant_is_registered_then_it_is_described_with_its_value() -> void:
	for plain: String in CLASSES:
		var page := _page(plain)
		var registered := class_named(plain)
		var constants := Array(ClassDB.class_get_integer_constant_list(registered, true))
		_expect_described(plain, "constant", page.entries["constant"], constants)
		for constant: String in constants:
			var told: Dictionary = page.entries["constant"].get(constant, {})
			var name := "%s.%s" % [plain, constant]
			expect_eq(told.get("value"), str(ClassDB.class_get_integer_constant(registered, constant)), name)
			expect_eq(told.get("enum"), ClassDB.class_get_integer_constant_enum(registered, constant, true), name)


func test_when_a_text_refers_to_something_then_that_exists() -> void:
	var reference := RegEx.create_from_string("\\[(method|member|signal|constant|enum) ([A-Za-z0-9_@.]+)\\]")
	for plain: String in CLASSES:
		for found in reference.search_all(_text_of(plain)):
			var target := found.get_string(2)
			var owner := _registered(target.get_slice(".", 0)) if target.contains(".") else class_named(plain)
			var member := target.get_slice(".", target.get_slice_count(".") - 1)
			expect_true(_exists(owner, found.get_string(1), member), "%s refers to %s" % [plain, found.get_string()])


func test_when_an_example_is_copied_then_it_compiles() -> void:
	var block := RegEx.create_from_string("(?s)\\[codeblock\\]\\n(.*?)\\[/codeblock\\]")
	for plain: String in CLASSES:
		var examples := block.search_all(_text_of(plain))
		expect_eq(examples.size(), 1, "%s has an example" % plain)
		for example in examples:
			var code := _with_registered_names(_without_indent(example.get_string(1)))
			expect_true(_compiles(code), "the example of %s compiles" % plain)


## Expects that exactly these are described.
func _expect_described(plain: String, kind: String, entries: Dictionary, registered: Array) -> void:
	for name: String in registered:
		var text: String = entries.get(name, {}).get("text", "")
		expect_true(not text.is_empty(), "the %s %s.%s is described" % [kind, plain, name])
	for name: String in entries:
		expect_true(registered.has(name), "the %s %s.%s, which has a description, exists" % [kind, plain, name])


func _argument_names(description: Dictionary) -> Array:
	return description["args"].map(func(argument: Dictionary) -> String: return argument["name"])


func _properties(registered: String) -> Array:
	var properties := []
	for property in ClassDB.class_get_property_list(registered, true):
		if not property["usage"] & (PROPERTY_USAGE_GROUP | PROPERTY_USAGE_SUBGROUP | PROPERTY_USAGE_CATEGORY):
			properties.append(property["name"])
	return properties


## The methods behind the properties, which have no description of their own.
func _accessors(page: Page) -> Array:
	var accessors := []
	for member: Dictionary in page.entries["member"].values():
		accessors.append_array([member.get("getter"), member.get("setter")])
	return accessors


func _exists(owner: String, kind: String, member: String) -> bool:
	match kind:
		"method":
			return ClassDB.class_has_method(owner, member)
		"member":
			return _properties(owner).has(member)
		"signal":
			return ClassDB.class_has_signal(owner, member)
		"enum":
			return ClassDB.class_has_enum(owner, member)
	return ClassDB.class_has_integer_constant(owner, member) or _compiles("const GLOBAL = %s\n" % member)


func _compiles(code: String) -> bool:
	_script.source_code = code
	return _script.reload() == OK


func _registered(name: String) -> String:
	return class_named(name) if CLASSES.has(name) else name


func _with_registered_names(text: String) -> String:
	for plain: String in CLASSES:
		text = RegEx.create_from_string("\\b%s\\b" % plain).sub(text, class_named(plain), true)
	return text


## Lines without the indent of the XML, which is tabs; that of the code is spaces.
func _without_indent(text: String) -> String:
	var lines := Array(text.split("\n"))
	return "\n".join(lines.map(func(line: String) -> String: return line.lstrip("\t")))


func _text_of(plain: String) -> String:
	var text := FileAccess.get_file_as_string(_path_of(plain))
	expect_true(not text.is_empty(), "the page of %s" % plain)
	return text.xml_unescape()


func _path_of(plain: String) -> String:
	return repository_path(PAGES.path_join(plain + ".xml"))


func _page(plain: String) -> Page:
	var page := Page.new()
	for kind: String in _DESCRIBED:
		page.entries[kind] = {}
	var parser := XMLParser.new()
	expect_eq(parser.open(_path_of(plain)), OK, "the page of %s" % plain)
	# The tags that are open, from the outermost one.
	var path: Array[String] = []
	var entry := {}
	while parser.read() == OK:
		match parser.get_node_type():
			XMLParser.NODE_ELEMENT:
				var tag := parser.get_node_name()
				if tag == "class":
					page.attributes = _attributes(parser)
				elif _DESCRIBED.has(tag):
					entry = _attributes(parser)
					entry.merge({"text": "", "params": []})
					page.entries[tag][entry["name"]] = entry
				elif tag == "param":
					entry["params"].append(parser.get_named_attribute_value("name"))
				if not parser.is_empty():
					path.append(tag)
			XMLParser.NODE_ELEMENT_END:
				path.pop_back()
			XMLParser.NODE_TEXT:
				var text := parser.get_node_data().strip_edges()
				if path.size() == 2:
					page.texts[path[1]] = text
				elif not text.is_empty():
					entry["text"] += text
	return page


func _attributes(parser: XMLParser) -> Dictionary:
	var attributes := {}
	for idx in parser.get_attribute_count():
		attributes[parser.get_attribute_name(idx)] = parser.get_attribute_value(idx)
	return attributes
