# project: node_name_taken
# error: Tungsten: a script of this project has the class name WebSocketNode, which scenes are saved with and the extension keeps. Give the script another class_name.
# error: Tungsten: a script of this project has the class name WebSocketServerNode, which scenes are saved with and the extension keeps. Give the script another class_name.
# expect: node_name_taken: ok
## Scripts that take the names of the nodes do not take their scenes.
