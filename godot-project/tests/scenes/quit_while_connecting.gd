# expect: all are on their way
# seen: "eof"
extends "res://tests/scene.gd"
## G3: a game that quits while connections are opened and closed, in every step of that.

static var _peers: Array[TungstenWebSocketPeer] = []


func play() -> void:
	var upgrading := server(["read_request", "hold"])
	var negotiating := server(["hold"])
	var closing := server(["upgrade", "drain", "hold"])
	var hole := testkit.ask("black_hole")
	for url: String in [upgrading.url, negotiating.url.replace("ws:", "wss:"), closing.url, "ws://127.0.0.1:%d" % hole["port"]]:
		_connect(url)
	await until(_is_under_way.bind(closing, upgrading, negotiating), "the connections are under way")
	_peers[2].close()
	# Its name is looked up while the engine ends.
	_connect("ws://localhost:%d" % upgrading.port)
	var states := _peers.map(func(peer: TungstenWebSocketPeer) -> int: return peer.get_ready_state())
	expect_eq(states, [0, 0, 2, 0, 0], "the states")
	print("all are on their way")
	quit()


func _connect(url: String) -> void:
	_peers.append(TungstenWebSocketPeer.new())
	expect_eq(_peers[-1].connect_to_url(url, TLSOptions.client_unsafe()), OK, "connect_to_url")


func _is_under_way(closing: Testkit.Server, upgrading: Testkit.Server, negotiating: Testkit.Server) -> bool:
	for peer in _peers:
		peer.poll()
	var accepted := Testkit.named(negotiating.report(), "accepted").size() == 1
	var asked := Testkit.named(upgrading.report(), "request").size() == 1 and Testkit.named(closing.report(), "request").size() == 1
	return accepted and asked and _peers[2].get_ready_state() == TungstenWebSocketPeer.STATE_OPEN
