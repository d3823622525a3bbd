// What both ends of the conversation in ../README.md agree on.

export const PROTOCOL = 'echo.tungsten';
export const ORDER = 'do: ';
export const TEXT = 'grüße, 世界 🎲';
export const BYTES = Buffer.from(Array.from({ length: 256 }, (_, idx) => idx));

/** Cuts `bytes` into pieces of `size` bytes, with an empty one after the first. */
export function pieces(bytes, size) {
	const cut = [];
	for (let start = 0; start < bytes.length; start += size) {
		cut.push(bytes.subarray(start, start + size));
		if (start === 0) {
			cut.push(Buffer.alloc(0));
		}
	}
	return cut;
}

/** Sends one message in fragments, with a ping after each of them. */
export function sendFragments(socket, parts, binary) {
	parts.forEach((part, idx) => {
		socket.send(part, { binary, fin: idx === parts.length - 1 });
		socket.ping('in between');
	});
}
