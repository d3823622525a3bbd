extends RefCounted
## A certificate of this run, for both ends of an encrypted connection.

const _NAME := "localhost"

var key: CryptoKey = null
var certificate: X509Certificate = null
var _fresh := 0


func _init() -> void:
	var crypto := Crypto.new()
	key = crypto.generate_rsa(2048)
	certificate = crypto.generate_self_signed_certificate(key, "CN=%s,O=Bench,C=DE" % _NAME)


## What a client trusts, whatever the host is called.
func client_options() -> TLSOptions:
	return TLSOptions.client(certificate, _NAME)


## The same with options that no connection had before, so that there is no session to resume: the name is written with
## other letters as capitals each time, which means the same.
func fresh_client_options() -> TLSOptions:
	_fresh += 1
	var name := ""
	for index in _NAME.length():
		name += _NAME[index].to_upper() if _fresh & (1 << index) != 0 else _NAME[index]
	return TLSOptions.client(certificate, name)


func server_options() -> TLSOptions:
	return TLSOptions.server(key, certificate)
