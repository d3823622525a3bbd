extends RefCounted
## A certificate of this run, for both ends of an encrypted connection.

const _NAME := "localhost"

var key: CryptoKey = null
var certificate: X509Certificate = null


func _init() -> void:
	var crypto := Crypto.new()
	key = crypto.generate_rsa(2048)
	certificate = crypto.generate_self_signed_certificate(key, "CN=%s,O=Bench,C=DE" % _NAME)


## What a client trusts, whatever the host is called.
func client_options() -> TLSOptions:
	return TLSOptions.client(certificate, _NAME)


func server_options() -> TLSOptions:
	return TLSOptions.server(key, certificate)
