# project: node_name_taken
# error: Tungsten: a script of this project has the class name WebSocketNode, which scenes are saved with and the extension keeps. Give the script another class_name.
# expect: node_name_taken: ok
## A script that takes the name of the node does not take its scenes.
