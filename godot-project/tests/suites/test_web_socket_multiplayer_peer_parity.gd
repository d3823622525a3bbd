extends "res://tests/parity_suite.gd"
## Our class has every member of the engine's own class, with the same defaults.

const OURS := &"TungstenWebSocketMultiplayerPeer"
const THEIRS := &"WebSocketMultiplayerPeer"

## What the engine's class does not have.
const _MORE_METHODS := ["get_last_error", "get_local_port"]
const _MORE_PROPERTIES := [
	"close_timeout", "compression", "compression_level", "compression_threshold", "heartbeat_interval", "heartbeat_timeout",
	"max_message_size",
]


func _init() -> void:
	our_class = OURS
	their_class = THEIRS


func test_when_methods_are_compared_then_ours_has_all_of_theirs() -> void:
	# `get_peer` gives a peer of our own.
	expect_methods(17, {"WebSocketPeer": "TungstenWebSocketPeer"})


func test_when_properties_are_compared_then_ours_has_all_of_theirs() -> void:
	expect_properties(6)


func test_when_defaults_are_compared_then_they_are_alike() -> void:
	var our_peer: MultiplayerPeer = ClassDB.instantiate(OURS)
	var their_peer := WebSocketMultiplayerPeer.new()
	for property in ClassDB.class_get_property_list(THEIRS) + ClassDB.class_get_property_list(&"MultiplayerPeer"):
		if property["usage"] & PROPERTY_USAGE_EDITOR or property["usage"] & PROPERTY_USAGE_STORAGE:
			expect_eq(our_peer.get(property["name"]), their_peer.get(property["name"]), property["name"])


func test_when_members_beyond_theirs_are_looked_up_then_they_are_there() -> void:
	for method: String in _MORE_METHODS:
		expect_true(ClassDB.class_has_method(OURS, method, true), method)
	var properties := ClassDB.class_get_property_list(OURS, true).map(func(property: Dictionary) -> String: return property["name"])
	for property: String in _MORE_PROPERTIES:
		expect_true(properties.has(property), property)


func test_when_the_class_is_looked_up_then_it_is_a_multiplayer_peer() -> void:
	expect_eq(ClassDB.get_parent_class(OURS), &"MultiplayerPeerExtension")
	expect_true(ClassDB.is_parent_class(OURS, &"MultiplayerPeer") and ClassDB.can_instantiate(OURS))
	expect_eq(ClassDB.class_get_signal_list(OURS, true), [] as Array[Dictionary])


func test_when_a_value_of_a_property_makes_sense_then_it_is_kept() -> void:
	var values := {
		"supported_protocols": PackedStringArray(["a", "b"]), "handshake_headers": PackedStringArray(["X-A: b"]),
		"inbound_buffer_size": 1000, "outbound_buffer_size": 2000, "max_queued_packets": 30, "handshake_timeout": 4.5,
		"close_timeout": 1.5, "heartbeat_interval": 2.5, "heartbeat_timeout": 3.5, "max_message_size": 4000,
	}
	var peer: MultiplayerPeer = ClassDB.instantiate(OURS)
	for property: String in values:
		peer.set(property, values[property])
		expect_eq(peer.get(property), values[property], property)
