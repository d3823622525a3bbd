# project: in_the_editor
# editor: yes
# expect: at first, Empty: Node configuration warning: •  The URL is empty: nothing is connected when the node is ready.
# expect: at first, Wrong: Node configuration warning: •  The URL cannot be used: its scheme is http, not ws or wss.
# expect: at first, Manual: none
# expect: at first, Fine: none
# expect: at first, Server: none
# expect: at first, Half: Node configuration warning: •  The node cannot listen: TLS needs both private_key and ssl_certificate.
# expect: later, Empty: none
# expect: later, Wrong: Node configuration warning: •  The URL is empty
# expect: later, Manual: Node configuration warning: •  The URL is empty
# expect: later, Fine: Node configuration warning: •  The URL cannot be used: it has no host.
# expect: later, Server: Node configuration warning: •  The node cannot listen: the header "no field" cannot be sent
# expect: later, Half: none
# expect: compression is edited with: EditorPropertyEnum
# expect: connected in the editor: []
## What the editor shows of nodes: warnings about their URLs and settings, and a list for what is an enumeration.
