# project: class_name_taken
# expect: Tungsten: a script of this project has the class name WebSocketClient; the class of the extension is TungstenWebSocketClient.
# expect: class_name_taken: ok
# unexpected: Initialize godot-rust
## G4: a project whose own script has the class name of one of our classes.
