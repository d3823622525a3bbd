"""The obeying end of the conversation in ../README.md, with websockets."""

import argparse
import asyncio
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from conversation import BYTES, LARGEST, ORDER, PROTOCOL, TEXT, pieces, send_fragments

# Nobody needs the server for longer, should it never be told to quit.
LIFETIME_S = 60


class Server:
    def __init__(self):
        self.quit = asyncio.Event()
        # How the connection before the next one ended.
        self.last_close = asyncio.get_running_loop().create_future()
        self.last_close.set_result("there was none")

    async def handle(self, connection):
        close_before = self.last_close
        close = self.last_close = asyncio.get_running_loop().create_future()
        try:
            async for message in connection:
                if isinstance(message, str) and message.startswith(ORDER):
                    await self.obey(connection, close_before, message[len(ORDER) :])
                else:
                    await connection.send(message)
        except ConnectionClosed:
            # Any code but 1000 and 1001.
            pass
        finally:
            await connection.wait_closed()
            close.set_result(f"{connection.close_code} {connection.close_reason}")

    async def obey(self, connection, close_before, order):
        verb, *words = order.split(" ")
        if verb == "header":
            await connection.send(connection.request.headers.get(words[0], ""))
        elif verb == "fragments":
            await send_fragments(connection, pieces(TEXT.encode(), 3), text=True)
            await send_fragments(connection, pieces(BYTES, 100), text=False)
        elif verb == "ping":
            await (await connection.ping("ordered"))
            await connection.send("ponged")
        elif verb == "last":
            await connection.send(await close_before)
        elif verb == "close":
            await connection.close(int(words[0]), " ".join(words[1:]))
        elif verb == "quit":
            await connection.close()
            self.quit.set()
        else:
            fail(f"no such order: {order}")


def add_header(_connection, _request, response):
    response.headers["X-Tungsten-Server"] = "echo"
    return response


def fail(why):
    print(f"failed: {why}", flush=True)
    sys.exit(1)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    options = parser.parse_args()
    context = None
    if options.key:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    server = Server()
    async with serve(
        server.handle,
        "127.0.0.1",
        0,
        ssl=context,
        subprotocols=[PROTOCOL],
        process_response=add_header,
        max_size=LARGEST,
    ) as listener:
        print("ready", listener.sockets[0].getsockname()[1], flush=True)
        try:
            await asyncio.wait_for(server.quit.wait(), LIFETIME_S)
        except asyncio.TimeoutError:
            fail(f"nobody said quit within {LIFETIME_S} s")


asyncio.run(main())
