"""Starts the Autobahn test suite on PyPy 2.7, with the arguments of its program `wstest`."""

from __future__ import print_function

import sys
import types

import twisted.internet

# The suite imports TLS and uses it for wss:// only. Without it, nothing is needed that is compiled for one machine.
twisted.internet.ssl = sys.modules["twisted.internet.ssl"] = types.ModuleType("twisted.internet.ssl")

from autobahntestsuite import wstest

# The suite has a choice of its own, so not earlier.
from twisted.internet import reactor

# The reactor runs when the server listens.
reactor.callWhenRunning(print, "ready now")
wstest.run()
