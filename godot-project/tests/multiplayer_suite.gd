extends "res://tests/suite.gd"
## The base of the suites for [code]WebSocketMultiplayerPeer[/code]: a server and clients by name, polled together, whose
## signals are written down. What must be alike in both classes is tested with both.

const RawClient := preload("res://tests/raw_client.gd")
const DISCONNECTED := MultiplayerPeer.CONNECTION_DISCONNECTED
const CONNECTING := MultiplayerPeer.CONNECTION_CONNECTING
const CONNECTED := MultiplayerPeer.CONNECTION_CONNECTED
const SERVER := "S"

## The engine's own class.
const ENGINE := "WebSocketMultiplayerPeer"
## The class of the extension.
const OURS := "TungstenWebSocketMultiplayerPeer"
## The server's class and the clients'.
const PAIRS: Array[Array] = [[ENGINE, ENGINE], [ENGINE, OURS], [OURS, ENGINE], [OURS, OURS]]

## The signals in the order in which they came: whose, "in" or "out", and the id.
var heard: Array[Array] = []
## All that are polled, by name. Never captured by a lambda that is connected to one of them: that would be a cycle.
var peers := {}
## Polled too.
var raws: Array[RawClient] = []
## Where the server is.
var port := 0


## A new object whose signals are written down. It is not polled yet unless it has a name.
func make_peer(kind: String, who := "") -> MultiplayerPeer:
	var peer: MultiplayerPeer = ClassDB.instantiate(kind)
	if not who.is_empty():
		peer.peer_connected.connect(_on_peer_connected.bind(who))
		peer.peer_disconnected.connect(_on_peer_disconnected.bind(who))
		peers[who] = peer
	return peer


## A server that listens, called "S".
func serve(kind := OURS, options: TLSOptions = null) -> MultiplayerPeer:
	return listen(make_peer(kind, SERVER), options)


## Has a server listen that was made with [method make_peer].
func listen(peer: MultiplayerPeer, options: TLSOptions = null) -> MultiplayerPeer:
	# The engine's class does not say which port the system has chosen.
	port = testkit().closed_port() if peer.get_class() == ENGINE else 0
	expect_eq(peer.create_server(port, "127.0.0.1", options), OK, "create_server")
	if port == 0:
		port = peer.get_local_port()
	return peer


func url(scheme := "ws", host := "127.0.0.1") -> String:
	return "%s://%s:%d" % [scheme, host, port]


## What a server of TLS needs. Clients that trust [method authority] trust it.
func identity() -> TLSOptions:
	var pem := testkit().ask({"identity": "good"})
	var key := CryptoKey.new()
	var certificate := X509Certificate.new()
	expect_eq([key.load_from_string(pem["key"]), certificate.load_from_string(pem["certificate"])], [OK, OK], "identity")
	return TLSOptions.server(key, certificate)


## A client that has begun to connect.
func knock(who: String, kind := OURS) -> MultiplayerPeer:
	var peer := make_peer(kind, who)
	expect_eq(peer.create_client(url()), OK, "create_client")
	return peer


## A client that is in, on both sides.
func join(who: String, kind := OURS) -> MultiplayerPeer:
	var peer := knock(who, kind)
	await until_so(func() -> bool: return is_in(who), who + " is in")
	return peer


## Whether the client and the server know of each other.
func is_in(who: String) -> bool:
	return heard.has([who, "in", 1]) and heard.has([SERVER, "in", id_of(who)])


## A client made by hand that has upgraded.
func join_raw() -> RawClient:
	var client := connect_raw()
	await until_so(func() -> bool: return client.is_connected_to_host(), "connected")
	client.upgrade()
	await until_so(func() -> bool: return client.payloads(RawClient.BINARY).size() > 0, "the id")
	return client


## A client made by hand that has begun to connect.
func connect_raw() -> RawClient:
	var client := RawClient.new(port)
	raws.append(client)
	return client


## The id that such a client was given.
func raw_id(client: RawClient) -> int:
	return client.payloads(RawClient.BINARY)[0].decode_s32(0)


func id_of(who: String) -> int:
	return peers[who].get_unique_id()


## Sends a packet to a target.
func put(who: String, packet: PackedByteArray, target := 0) -> Error:
	peers[who].set_target_peer(target)
	return peers[who].put_packet(packet)


## Takes all packets, each as [code][sender, bytes][/code].
func take_all(who: String) -> Array[Array]:
	var packets: Array[Array] = []
	while peers[who].get_available_packet_count() > 0:
		var sender: int = peers[who].get_packet_peer()
		packets.append([sender, peers[who].get_packet()])
	return packets


## Polls all once a frame until so many packets are there, and takes them all.
func packets_of(who: String, count := 1) -> Array[Array]:
	await until_so(func() -> bool: return peers[who].get_available_packet_count() >= count, "packets for " + who)
	return take_all(who)


## Polls all once a frame until the condition holds.
func until_so(condition: Callable, why := "", timeout_s := 5.0) -> bool:
	var so := func() -> bool:
		poll_all()
		return condition.call()
	return await until(so, timeout_s, func() -> String: return "%s, heard was: %s" % [why, heard.slice(-5)])


## The same until this was heard.
func until_heard(event: Array, timeout_s := 5.0) -> bool:
	return await until_so(func() -> bool: return heard.has(event), str(event), timeout_s)


## Polls for some more frames, to hear what should not come.
func poll_on(frames := 20) -> void:
	for _frame in frames:
		await get_tree().process_frame
		poll_all()


func poll_all() -> void:
	for who: String in peers.keys():
		# A handler may have taken it away.
		if peers.has(who):
			peers[who].poll()
	for client in raws:
		client.poll()


## What was heard from one side.
func heard_by(who: String) -> Array:
	return heard.filter(func(event: Array) -> bool: return event[0] == who)


## Forgets all that was started, for tests that start again.
func forget() -> void:
	peers.clear()
	raws.clear()
	heard.clear()


func clean_up() -> void:
	forget()
	super()


func _on_peer_connected(id: int, who: String) -> void:
	heard.append([who, "in", id])


func _on_peer_disconnected(id: int, who: String) -> void:
	heard.append([who, "out", id])
