extends "res://tests/suite.gd"
## The GDScript in the README and in [code]docs/[/code] compiles.

const DOCUMENTS := ["README.md", "docs/errors.md", "docs/migration.md", "docs/performance.md", "docs/recipes.md"]

## What stands in front of a block that is code of Godot 3.
const _OF_GODOT_3 := "Before:"

## How a line begins that may stand outside of a function.
const _DECLARATIONS := ["@", "class", "const", "enum", "extends", "func", "signal", "static", "var"]

## The engine keeps a script that it has compiled, so there is one for all, made before objects are counted.
static var _script := GDScript.new()


func test_when_an_example_of_a_document_is_copied_then_it_compiles() -> void:
	for document: String in DOCUMENTS:
		for block in _blocks(document):
			_script.source_code = _whole(block["code"])
			expect_eq(_script.reload(), OK, "%s, line %d" % [document, block["line"]])


func test_when_there_are_recipes_then_they_have_examples() -> void:
	expect_true(_blocks("README.md").size() >= 3)
	expect_true(_blocks("docs/migration.md").size() >= 5)
	expect_true(_blocks("docs/recipes.md").size() >= 6)


func test_when_a_document_is_added_then_it_is_looked_at() -> void:
	var folder := repository_path("docs/errors.md").get_base_dir()
	for file in DirAccess.get_files_at(folder):
		expect_true(not file.ends_with(".md") or DOCUMENTS.has("docs/" + file), file)


## The blocks of GDScript, each with its "code" and its "line". Without those of Godot 3.
func _blocks(document: String) -> Array[Dictionary]:
	var blocks: Array[Dictionary] = []
	var code: PackedStringArray = []
	var is_inside := false
	var is_old := false
	var number := 0
	for line in FileAccess.get_file_as_string(repository_path(document)).split("\n"):
		number += 1
		if is_inside and line == "```":
			is_inside = false
			if not is_old:
				blocks.append({"code": "\n".join(code) + "\n", "line": number - code.size()})
		elif is_inside:
			code.append(line)
		elif line == "```gdscript":
			is_inside = true
			code = []
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
