class_name WebSocketNode
extends Node
## Was added when scenes with nodes of the extension had been saved already.
