# project: newcomer
# editor: yes
# expect: newcomer: the classes are there: true
# expect: newcomer: help: ok
## The first session of an editor on a machine: it makes its cache of help, and our pages are not empty afterwards.
