"""The obeying end of the conversation about compression in ../README.md, with websockets."""

import argparse
import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from conversation import LARGEST, ORDER

# Nobody needs the server for longer, should it never be told to quit.
LIFETIME_S = 60


def choose_parameters(connection, request):
    """Takes those that the URL asks for."""
    query = parse_qs(urlsplit(request.path).query)

    def number(name):
        return int(query[name][0]) if name in query else None

    connection.protocol.available_extensions = [
        ServerPerMessageDeflateFactory(
            server_no_context_takeover="server_no_context_takeover" in query,
            client_no_context_takeover="client_no_context_takeover" in query,
            server_max_window_bits=number("server_max_window_bits"),
            client_max_window_bits=number("client_max_window_bits"),
        )
    ]


async def main():
    # The mode is that of the client.
    argparse.ArgumentParser(description=__doc__).parse_known_args()
    quit_told = asyncio.Event()

    async def handle(connection):
        try:
            async for message in connection:
                if message == ORDER + "quit":
                    await connection.close()
                    quit_told.set()
                else:
                    await connection.send(message)
        except ConnectionClosed:
            # Any code but 1000 and 1001.
            pass

    async with serve(handle, "127.0.0.1", 0, process_request=choose_parameters, max_size=LARGEST) as listener:
        print("ready", listener.sockets[0].getsockname()[1], flush=True)
        try:
            await asyncio.wait_for(quit_told.wait(), LIFETIME_S)
        except asyncio.TimeoutError:
            print(f"failed: nobody said quit within {LIFETIME_S} s", flush=True)
            sys.exit(1)


asyncio.run(main())
