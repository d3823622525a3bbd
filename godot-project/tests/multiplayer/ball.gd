extends Node
## What the server makes and moves, and every client sees.

signal moved

var place := 0:
	set(value):
		if place != value:
			place = value
			moved.emit()


func _init(start: int) -> void:
	name = "Ball"
	place = start
	var config := SceneReplicationConfig.new()
	config.add_property(^".:place")
	config.property_set_spawn(^".:place", true)
	config.property_set_replication_mode(^".:place", SceneReplicationConfig.REPLICATION_MODE_ON_CHANGE)
	var synchronizer := MultiplayerSynchronizer.new()
	synchronizer.name = "Synchronizer"
	synchronizer.replication_config = config
	add_child(synchronizer)
