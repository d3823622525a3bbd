class_name WebSocketServerNode
extends Node
## Was added when scenes with nodes of the extension had been saved already.
