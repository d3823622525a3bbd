extends RefCounted
## A server of many peers, each polled in its turn, which sends back what it hears: what one writes without a class for
## servers. Written for our class; see [code]pair.gd[/code].

const Identity := preload("res://bench/identity.gd")

var _listener := TCPServer.new()
var _identity: Identity = null
var _peers: Array[TungstenWebSocketPeer] = []
var _pending: Array[TungstenWebSocketPeer] = []


func listen(identity: Identity = null) -> Error:
	_identity = identity
	return _listener.listen(0, "127.0.0.1")


func port() -> int:
	return _listener.get_local_port()


## How many clients are in.
func size() -> int:
	return _peers.size()


## Does what has to be done for those who come, and nothing for the others.
func welcome() -> void:
	while _listener.is_connection_available():
		var peer := TungstenWebSocketPeer.new()
		peer.accept_stream(_secured(_listener.take_connection()))
		_pending.append(peer)
	for peer: TungstenWebSocketPeer in _pending.duplicate():
		peer.poll()
		if peer.get_ready_state() == TungstenWebSocketPeer.STATE_OPEN:
			_pending.erase(peer)
			_peers.append(peer)


## One frame of a game.
func poll() -> void:
	welcome()
	for peer in _peers:
		peer.poll()
		while peer.get_available_packet_count() > 0:
			peer.send(peer.get_packet())


func close() -> void:
	for peer in _peers:
		peer.close(-1)
	_peers.clear()
	_listener.stop()


func _secured(stream: StreamPeerTCP) -> StreamPeer:
	if _identity == null:
		return stream
	var encrypted := StreamPeerTLS.new()
	encrypted.accept_stream(stream, _identity.server_options())
	return encrypted
