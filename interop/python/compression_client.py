"""The checking end of the conversation about compression in ../README.md, with websockets."""

import argparse
import asyncio
import itertools
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from conversation import BYTES, LARGEST, ORDER, TEXT

# For all of it; a busy machine needs a fraction.
LIFETIME_S = 55
SERVER_BITS = [None, 9, 12, 15]
# True is the parameter without a value.
CLIENT_BITS = [None, True, 9, 12, 15]
SIZES = [1, 300, 5000, 70_000]
BIG = 1_000_000
ALIKE = 20


class Failure(Exception):
    pass


class Client:
    def __init__(self, options):
        self.url = options.url
        self.is_alone = options.compression == "enabled"

    async def converse(self):
        for offer in itertools.product([False, True], [False, True], SERVER_BITS, CLIENT_BITS):
            await self.hold(*offer)
        async with self.open(False, False, None, None) as last:
            await last.send(ORDER + "quit")
            await last.wait_closed()

    async def hold(self, server_alone, client_alone, server_bits, client_bits):
        """One connection with these parameters in the offer."""
        what = str((server_alone, client_alone, server_bits, client_bits))
        async with self.open(server_alone, client_alone, server_bits, client_bits) as connection:
            for idx in range(ALIKE):
                await connection.send(alike(idx))
            for idx in range(ALIKE):
                expect(what, await connection.recv(), alike(idx))
            agreed = await compression(connection)
            ratio = agreed.pop("ratio")
            expected = {
                "server_no_context_takeover": server_alone or self.is_alone,
                "client_no_context_takeover": client_alone,
                "server_max_window_bits": server_bits or 15,
                "client_max_window_bits": 15,
            }
            expect(what, agreed, expected)
            if not (server_alone or client_alone or self.is_alone or ratio < 0.5):
                raise Failure(f"{what}: alike messages have a ratio of {ratio}")
            for size in SIZES:
                await echo(connection, what, verse(size))
                await echo(connection, what, verse(size).encode())
            await echo(connection, what, verse(BIG).encode())
            await echo(connection, what, TEXT)
            await echo(connection, what, BYTES)
            await echo(connection, what, b"")
            ratio = (await compression(connection))["ratio"]
            if not 0 < ratio < 0.5:
                raise Failure(f"{what}: all messages have a ratio of {ratio}")
            await connection.close(4001, "bye")
            expect(what, connection.close_code, 4001)

    def open(self, server_alone, client_alone, server_bits, client_bits):
        factory = ClientPerMessageDeflateFactory(
            server_no_context_takeover=server_alone,
            client_no_context_takeover=client_alone,
            server_max_window_bits=server_bits,
            client_max_window_bits=client_bits,
        )
        # No proxy that the environment may name: the server is on this machine.
        return connect(self.url, compression=None, extensions=[factory], max_size=LARGEST, proxy=None)


def verse(length):
    """Text of so many characters, which gets smaller."""
    return ("the quick brown fox jumps over the lazy dog; " * (length // 45 + 1))[:length]


def alike(idx):
    """A message that is like the one before."""
    return f'{{"player": {idx}, "position": [12.5, 0.25, -3.75], "health": 100}}'


async def echo(connection, what, message):
    """Sends a message and expects it back."""
    await connection.send(message)
    expect(what, await connection.recv(), message)


async def compression(connection):
    """What the server says was agreed on, and what it has come to."""
    await connection.send(ORDER + "compression")
    return json.loads(await connection.recv())


def expect(what, actual, expected):
    if type(actual) is not type(expected) or actual != expected:
        raise Failure(f"{what}: got {repr(actual)[:200]}, expected {repr(expected)[:200]}")


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--compression", required=True)
    try:
        await asyncio.wait_for(Client(parser.parse_args()).converse(), LIFETIME_S)
    except (Failure, WebSocketException, OSError) as error:
        print(f"failed: {error}")
        sys.exit(1)
    except asyncio.TimeoutError:
        print(f"failed: the conversation did not end within {LIFETIME_S} s")
        sys.exit(1)
    print("conversation held")


asyncio.run(main())
