"""The checking end of the conversation in ../README.md, with websockets."""

import argparse
import asyncio
import ssl
import sys
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from conversation import BYTES, LARGEST, PROTOCOL, TEXT, pieces, send_fragments

# For each thing that is waited for, in seconds; a busy machine needs a fraction of it.
PATIENCE_S = 15
BIG = 10_000_000
MANY = 1000


class Failure(Exception):
    pass


class Client:
    def __init__(self, options):
        self.options = options

    async def converse(self):
        await self.exchange()

        second = await self.open()
        expect("the close that we sent", await order(second, "last close"), "4001 bye")
        await second.send("do: close 4002 so long")
        expect("the close of the server", await close_of(second), "4002 so long")

        third = await self.open()
        answer = await order(third, "last close")
        expect("the answer to the close of the server", answer.split(" ")[0], "4002")
        await third.send("do: quit")
        expect("the end", await close_of(third), "1000 ")

    async def exchange(self):
        token = str(uuid.uuid4())
        connection = await self.open({"X-Tungsten-Client": token})
        expect("the sub-protocol", connection.subprotocol, PROTOCOL)
        expect("the header of the response", connection.response.headers.get("X-Tungsten-Server"), "echo")
        expect("the header of the request", await order(connection, "header x-tungsten-client"), token)
        if self.options.proxied:
            expect("the header of the proxy", await order(connection, "header x-forwarded-proto"), "https")

        await echo(connection, "text", TEXT)
        await echo(connection, "bytes", BYTES)
        await echo(connection, "an empty text", "")
        await echo(connection, "no bytes", b"")

        await send_fragments(connection, pieces(TEXT.encode(), 3), text=True)
        expect("text that we sent in fragments", await receive(connection, "text in fragments"), TEXT)
        await send_fragments(connection, pieces(BYTES, 100), text=False)
        expect("bytes that we sent in fragments", await receive(connection, "bytes in fragments"), BYTES)
        expect("text of the server", await order(connection, "fragments"), TEXT)
        expect("bytes of the server", await receive(connection, "bytes of the server"), BYTES)

        await in_time("the answer to our ping", await connection.ping("ours"))
        expect("our answer to a ping", await order(connection, "ping"), "ponged")

        for idx in range(MANY):
            await connection.send(f"message {idx}")
        for idx in range(MANY):
            expect("many messages", await receive(connection, f"message {idx} of many"), f"message {idx}")
        await echo(connection, "a big message", (BYTES[:251] * (BIG // 251 + 1))[:BIG])
        await echo(connection, "a big text", "é" * (BIG // 20))

        await in_time("the answer to our close", connection.close(4001, "bye"))
        expect("the answer to our close", connection.close_code, 4001)

    async def open(self, headers=None):
        context = ssl.create_default_context(cafile=self.options.ca) if self.options.ca else None
        connecting = connect(
            self.options.url,
            ssl=context,
            subprotocols=["other.example", PROTOCOL],
            additional_headers=headers,
            max_size=LARGEST,
            # None that the environment may name: the server is on this machine.
            proxy=None,
        )
        return await in_time("the handshake", connecting)


async def echo(connection, what, message):
    """Sends a message and expects it back."""
    await in_time(what, connection.send(message))
    expect(what, await receive(connection, what), message)


async def order(connection, text):
    """Gives an order and returns the answer."""
    await connection.send("do: " + text)
    return await receive(connection, text)


async def receive(connection, what):
    return await in_time(what, connection.recv())


async def close_of(connection):
    """The close frame of the server, which is waited for."""
    await in_time("the close of the server", connection.wait_closed())
    return f"{connection.close_code} {connection.close_reason}"


async def in_time(what, awaitable):
    """Says what went wrong, should it, or take too long."""
    try:
        return await asyncio.wait_for(awaitable, PATIENCE_S)
    except asyncio.TimeoutError:
        raise Failure(f"{what}: not within {PATIENCE_S} s") from None
    except (WebSocketException, OSError) as error:
        raise Failure(f"{what}: {type(error).__name__}: {error}") from error


def expect(what, actual, expected):
    if type(actual) is not type(expected) or actual != expected:
        raise Failure(f"{what}: got {describe(actual)}, expected {describe(expected)}")


def describe(value):
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}… ({len(value)} in all)"


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca")
    parser.add_argument("--proxied", action="store_true")
    try:
        await Client(parser.parse_args()).converse()
    except (Failure, WebSocketException, OSError) as error:
        print(f"failed: {error}")
        sys.exit(1)
    print("conversation held")


asyncio.run(main())
