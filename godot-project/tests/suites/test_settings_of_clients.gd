extends "res://tests/suite.gd"
## [code]WebSocketClient[/code] and [code]WebSocketNode[/code] connect with the settings that they share with
## [code]WebSocketPeer[/code].

const CLASSES: Array[String] = ["WebSocketClient", "WebSocketNode"]

## Of each a value that is not the default.
const VALUES := {
	"inbound_buffer_size": 1000,
	"outbound_buffer_size": 2000,
	"max_queued_packets": 30,
	"max_message_size": 4000,
	"handshake_timeout": 5.5,
	"close_timeout": 6.5,
	"heartbeat_interval": 7.5,
	"heartbeat_timeout": 8.5,
	"compression": TungstenWebSocketPeer.COMPRESSION_CONTEXT_TAKEOVER,
	"compression_threshold": 90,
	"compression_level": 9,
	"pinned_public_keys": ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
}

## What no class takes.
const REFUSED := {
	"max_message_size": 0,
	"handshake_timeout": 0.0,
	"close_timeout": -1.0,
	"heartbeat_interval": -1.0,
	"heartbeat_timeout": 0.0,
	"compression_level": 10,
}

var _subject: Object = null


func test_when_settings_are_made_then_the_peer_has_them() -> void:
	for plain in CLASSES:
		_begin(plain)
		for name: String in VALUES:
			_subject.set(name, VALUES[name])
		expect_eq(_connect("ws://127.0.0.1:%d" % testkit().closed_port()), OK, plain)
		for name: String in VALUES:
			expect_eq([_same(_subject.get(name)), _same(_peer().get(name))], [VALUES[name], VALUES[name]], "%s.%s" % [plain, name])
		_end()


func test_when_a_value_makes_no_sense_then_it_is_refused_with_the_name_of_the_property() -> void:
	for plain in CLASSES:
		_begin(plain)
		for name: String in REFUSED:
			var before: Variant = _subject.get(name)
			expect_error("%s.%s: " % [plain, name])
			_subject.set(name, REFUSED[name])
			expect_eq(_subject.get(name), before, "%s.%s" % [plain, name])
		_end()


func test_when_tls_options_are_set_then_they_replace_the_properties_of_godot_3() -> void:
	var url := server([{"tls": "self_signed"}, "upgrade", "echo"], {"may_violate": true}).url
	for plain in CLASSES:
		for options: TLSOptions in [TLSOptions.client_unsafe(), TLSOptions.client()]:
			_begin(plain)
			# The opposite of what the options say.
			_subject.set("verify_tls", options.is_unsafe_client())
			_subject.set("tls_options", options)
			expect_true(_subject.get("tls_options") == options, plain)
			expect_eq(_connect(url), OK, plain)
			await _until_done()
			expect_eq(_is_open(), options.is_unsafe_client(), plain)
			_end()


func test_when_tls_options_trust_an_authority_then_it_opens() -> void:
	for plain in CLASSES:
		_begin(plain)
		_subject.set("tls_options", TLSOptions.client(authority()))
		expect_eq(_connect(server([{"tls": "good"}, "upgrade", "echo"]).url), OK, plain)
		await _until_done()
		expect_true(_is_open(), plain)
		_end()


func test_when_tls_options_are_those_of_a_server_then_nothing_is_connected() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var options := TLSOptions.server(key, Crypto.new().generate_self_signed_certificate(key, "CN=localhost"))
	for plain in CLASSES:
		_begin(plain)
		_subject.set("tls_options", options)
		expect_error("%s.%s: the TLSOptions are those of a server" % [plain, _start_of(plain)])
		expect_eq(_connect("wss://localhost:1"), ERR_INVALID_PARAMETER, plain)
		_end()


func test_when_another_key_is_pinned_then_the_server_is_refused() -> void:
	for plain in CLASSES:
		_begin(plain)
		_subject.set("verify_tls", false)
		_subject.set("pinned_public_keys", VALUES["pinned_public_keys"])
		expect_eq(_connect(server([{"tls": "good"}, "upgrade", "echo"], {"may_violate": true}).url), OK, plain)
		await _until_done()
		expect_eq([_is_open(), _peer().get_last_error().kind], [false, WebSocketError.KIND_CERTIFICATE_UNTRUSTED], plain)
		_end()


func test_when_a_client_certificate_is_set_then_it_is_used_by_the_next_connection() -> void:
	var crypto := Crypto.new()
	var key := crypto.generate_rsa(2048)
	var certificate := crypto.generate_self_signed_certificate(key, "CN=player")
	var public := CryptoKey.new()
	expect_eq(public.load_from_string(key.save_to_string(true), true), OK)
	for plain in CLASSES:
		_begin(plain)
		expect_error("%s.set_client_certificate: the key has no private part" % plain)
		_subject.call("set_client_certificate", public, certificate)
		expect_error("%s.%s: set_client_certificate: the key has no private part" % [plain, _start_of(plain)])
		expect_eq(_connect("wss://localhost:1"), ERR_INVALID_PARAMETER, plain)
		_subject.call("set_client_certificate", key, certificate)
		_subject.set("tls_options", TLSOptions.client(authority()))
		expect_eq(_connect(server([{"tls": "good"}, "upgrade", "echo"]).url), OK, plain)
		await _until_done()
		expect_true(_is_open(), plain)
		_end()


func _begin(plain: String) -> void:
	_subject = make(plain)
	if _subject is WebSocketNode:
		_subject.connect_on_ready = false
		add_child(_subject)


func _end() -> void:
	if _subject is Node:
		_subject.free()
	_subject = null


func _start_of(plain: String) -> String:
	return "open" if plain == "WebSocketNode" else "connect_to_url"


func _connect(url: String) -> Error:
	return _subject.call(_start_of(_subject.get_class()), url)


func _peer() -> TungstenWebSocketPeer:
	return _subject.get_peer() if _subject is WebSocketNode else _subject.get_peer(1)


func _is_open() -> bool:
	return _peer().get_ready_state() == TungstenWebSocketPeer.STATE_OPEN


func _until_done() -> void:
	await until(func() -> bool:
		if _subject is WebSocketClient:
			_subject.poll()
		return _peer().get_ready_state() != TungstenWebSocketPeer.STATE_CONNECTING)


## A list of strings is the same whatever its type.
func _same(value: Variant) -> Variant:
	return Array(value) if value is PackedStringArray else value
