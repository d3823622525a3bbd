"""Starts the Autobahn test suite on PyPy 2.7, with the arguments of its program `wstest`."""

from __future__ import print_function

import gc
import sys
import types
import zlib

import twisted.internet

# The suite imports TLS and uses it for wss:// only. Without it, nothing is needed that is compiled for one machine.
twisted.internet.ssl = sys.modules["twisted.internet.ssl"] = types.ModuleType("twisted.internet.ssl")

# Compressing is what the suite spends most of its time with, and any level makes the same format.
zlib.Z_DEFAULT_COMPRESSION = zlib.Z_BEST_SPEED

from autobahntestsuite import wstest

# The suite has a choice of its own, so not earlier.
from twisted.internet import reactor, task

# PyPy does not count the 268 KB that zlib takes for a compressor. Left to itself it collects so late that a run of all cases
# takes more memory than a machine has.
COLLECT_EVERY_S = 1.0

listen = reactor.listenTCP


def listen_and_tell(*args, **kwargs):
    """Says which port the system has chosen, once somebody can connect to it."""
    listener = listen(*args, **kwargs)
    reactor.callWhenRunning(print, "ready %d" % listener.getHost().port)
    return listener


reactor.listenTCP = listen_and_tell
reactor.callWhenRunning(task.LoopingCall(gc.collect).start, COLLECT_EVERY_S)
wstest.run()
