"""What both ends of the conversation in ../README.md agree on."""

PROTOCOL = "echo.tungsten"
ORDER = "do: "
TEXT = "grüße, 世界 🎲"
BYTES = bytes(range(256))
# More than the big messages of the conversation.
LARGEST = 1 << 24


def pieces(data, size):
    """Cuts `data` into pieces of `size` bytes, with an empty one after the first."""
    cut = [data[start : start + size] for start in range(0, len(data), size)]
    return cut[:1] + [b""] + cut[1:]


async def send_fragments(connection, parts, text):
    """Sends one message in fragments, with a ping after each but the last."""

    async def with_pings():
        for part in parts:
            yield part
            await connection.ping()

    await connection.send(with_pings(), text=text)
