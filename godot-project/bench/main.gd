extends SceneTree
## Runs the cases that [code]cargo xtask bench[/code] asks for.

const Case := preload("res://bench/case.gd")
const Identity := preload("res://bench/identity.gd")


func _initialize() -> void:
	_run()


func _run() -> void:
	var order: Dictionary = JSON.parse_string(OS.get_cmdline_user_args()[0])
	var identity: Identity = Identity.new() if order["tls"] else null
	for plan: Dictionary in order["cases"]:
		var case: Case = load("res://bench/%s.gd" % plan["script"]).new()
		case.plan = plan
		case.rounds = int(order["rounds"])
		case.slice_usec = int(order["slice_usec"])
		case.identity = identity
		await case.run()
	print("bench: done")
	quit()
