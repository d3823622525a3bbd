extends "res://tests/suite.gd"
## The GDScript in the README and in [code]docs/[/code] compiles.

const DOCUMENTS := ["README.md", "docs/errors.md", "docs/members.md", "docs/migration.md", "docs/performance.md", "docs/recipes.md"]

## What stands in front of a block that is code of Godot 3.
const _OF_GODOT_3 := "Before:"

## How a line begins that may stand outside of a function.
const _DECLARATIONS := ["@", "class", "const", "enum", "extends", "func", "signal", "static", "var"]

## The engine keeps a script that it has compiled, so there is one for all, made before objects are counted.
static var _script := GDScript.new()
static var _other_script := GDScript.new()


func test_when_an_example_of_a_document_is_copied_then_it_compiles() -> void:
	for document: String in DOCUMENTS:
		for block in _blocks(document):
			_script.source_code = _whole(block["code"])
			expect_eq(_script.reload(), OK, "%s, line %d" % [document, block["line"]])


func test_when_there_are_recipes_then_they_have_examples() -> void:
	expect_true(_blocks("README.md").size() >= 3)
	expect_true(_blocks("docs/migration.md").size() >= 5)
	expect_true(_blocks("docs/recipes.md").size() >= 6)


func test_when_the_recipe_for_requests_is_followed_then_each_question_gets_its_reply() -> void:
	var recipe := _recipe("Requests and replies")
	expect_eq(recipe.size(), 2)
	var host := _node(_other_script, recipe[1].replace("listen(9080)", "listen(0)"))
	var port: int = host.get("_server").get_local_port()
	var asker := _node(_script, recipe[0].replace(":9080", ":%d" % port))
	await until(func() -> bool: return asker.get("_socket").get_peer().get_ready_state() == TungstenWebSocketPeer.STATE_OPEN)
	var replies := {}
	for what: String in ["time", "weather", "never"]:
		_note_reply(asker, what, replies)
		if what == "weather":
			await until(func() -> bool: return replies.size() == 2, 5.0, func() -> String: return str(replies))
			host.free()
	await until(func() -> bool: return replies.size() == 3, 5.0, func() -> String: return str(replies))
	expect_eq([replies["time"] is float, replies["weather"], replies["never"]], [true, null, null])
	asker.free()
	_forget()


func test_when_the_recipe_for_reconnecting_is_followed_then_the_connection_comes_back() -> void:
	var recipe := _recipe("Reconnecting")
	expect_eq(recipe.size(), 1)
	var counterpart := server([], {"scripts": [
		["upgrade", {"close": [1001, "restart"]}, "drain"],
		[{"respond": {"head": ["HTTP/1.1 503 Busy", "Content-Length: 0"]}}, "fin"],
		["upgrade", {"close": [1000, "enough"]}, "drain"],
	]})
	var code := recipe[0].replace("wss://example.com/game", counterpart.url)
	var player := _node(_script, code.replace("FIRST_WAIT_S := 0.5", "FIRST_WAIT_S := 0.02"))
	await counterpart.wait_for("accepted", 5.0, 3)
	await until(func() -> bool: return player.get("_socket").get_peer().get_close_code() == 1000)
	for _frame in 50:
		await get_tree().process_frame
	expect_eq(Testkit.named(counterpart.report(), "accepted").size(), 3, "the end that was wanted is the end")
	player.free()
	_forget()


func test_when_the_recipe_for_a_server_is_followed_then_those_in_one_room_hear_each_other() -> void:
	var recipe := _recipe("A server as a node")
	expect_eq(recipe.size(), 1)
	var host := _node(_script, recipe[0].replace("_server.port = 9080", "_server.port = 0"))
	var heard := []
	var guests: Array[WebSocketNode] = []
	for room: String in ["a", "a", "b"]:
		var guest := WebSocketNode.new()
		guest.url = "ws://127.0.0.1:%d/%s?token=1" % [host.get("_server").get_local_port(), room]
		guest.message_received.connect(func(data: Variant) -> void: heard.append([guests.find(guest), data]))
		guests.append(guest)
		add_child(guest)
		await until(func() -> bool: return host.get("_rooms").size() == guests.size())
	await until(func() -> bool: return guests.all(func(guest: WebSocketNode) -> bool: return guest.send_text("hello") == OK))
	await until(func() -> bool: return heard.size() >= 2)
	heard.sort()
	expect_eq(heard, [[0, "hello"], [1, "hello"]])
	guests[0].close()
	await until(func() -> bool: return host.get("_rooms").size() == 2)
	host.free()
	_forget()


func test_when_the_recipe_for_a_token_is_followed_then_only_who_knows_it_comes_in() -> void:
	var recipe := _recipe("A token")
	expect_eq(recipe.size(), 2)
	var host := _node(_other_script, recipe[0].replace("listen(9080)", "listen(0)"))
	var target := "ws://127.0.0.1:%d" % host.get("_server").get_local_port()
	var statuses := []
	for token: String in ["a-long-random-token", "another"]:
		var code := recipe[1].replace("wss://example.com/game", target).replace("a-long-random-token", token)
		var guest := _node(_script, code)
		var peer: TungstenWebSocketPeer = guest.get("_socket").get_peer()
		await until(func() -> bool: return peer.get_ready_state() != TungstenWebSocketPeer.STATE_CONNECTING)
		statuses.append(peer.get_response_status())
		guest.free()
	expect_eq(statuses, [101, 401])
	host.free()
	_forget()


func test_when_a_document_is_added_then_it_is_looked_at() -> void:
	var folder := repository_path("docs/errors.md").get_base_dir()
	for file in DirAccess.get_files_at(folder):
		expect_true(not file.ends_with(".md") or DOCUMENTS.has("docs/" + file), file)


## The blocks of a recipe.
func _recipe(heading: String) -> PackedStringArray:
	var codes: PackedStringArray = []
	for block in _blocks("docs/recipes.md"):
		if block["heading"] == heading:
			codes.append(block["code"])
	return codes


## Lets go of the classes that are inside of the last scripts.
func _forget() -> void:
	for script: GDScript in [_script, _other_script]:
		script.source_code = "extends Node\n"
		expect_eq(script.reload(), OK)


func _node(script: GDScript, code: String) -> Node:
	script.source_code = code
	expect_eq(script.reload(), OK)
	var node: Node = script.new()
	add_child(node)
	return node


func _note_reply(asker: Node, what: String, replies: Dictionary) -> void:
	replies[what] = await asker.call("ask", what)


## The blocks of GDScript, each with its "code", its "line" and the "heading" above it. Without those of Godot 3.
func _blocks(document: String) -> Array[Dictionary]:
	var blocks: Array[Dictionary] = []
	var code: PackedStringArray = []
	var is_inside := false
	var is_old := false
	var heading := ""
	var number := 0
	for line in FileAccess.get_file_as_string(repository_path(document)).split("\n"):
		number += 1
		if is_inside and line == "```":
			is_inside = false
			if not is_old:
				blocks.append({"code": "\n".join(code) + "\n", "line": number - code.size(), "heading": heading})
		elif is_inside:
			code.append(line)
		elif line == "```gdscript":
			is_inside = true
			code = []
		elif line.begins_with("#"):
			heading = line.lstrip("# ")
		elif not line.is_empty():
			is_old = line == _OF_GODOT_3
	return blocks


## A script of its own: a part of one belongs to a node, and statements to a function.
func _whole(code: String) -> String:
	if code.begins_with("extends "):
		return code
	var lines := Array(code.split("\n"))
	var is_part := lines.all(func(line: String) -> bool:
		return line.is_empty() or line[0] in ["\t", "#", "}", "]", ")"] or _DECLARATIONS.has(line.get_slice(" ", 0)))
	if is_part and code.contains("func "):
		return "extends Node\n" + code
	return "extends Node\nfunc _example() -> void:\n\t" + "\n\t".join(lines)
