# project: newcomer
# fresh: yes
# editor: yes
# expect: newcomer: the classes are there: true
# expect: newcomer: help: ok
## The same in a project that was never opened: the editor finds the extension while it runs.
