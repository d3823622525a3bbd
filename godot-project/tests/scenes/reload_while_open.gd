# project: reload
# editor: yes
# expect: open before the reload
# expect: reloaded: true
# expect: after the reload the connection is closed: true
# expect: open after the reload
# seen: {"close":[1001,""]}
## G3: the extension is reloaded in the editor while a connection is open. Its server has seen 1001.
