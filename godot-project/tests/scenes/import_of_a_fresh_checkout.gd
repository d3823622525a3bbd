# project: newcomer
# fresh: yes
# import: yes
# expect: newcomer: the classes are there: true
# unexpected: Initialize godot-rust
## What the continuous integration of a user does first: it finds the extension, imports, and ends without a crash.
