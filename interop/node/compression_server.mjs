// The obeying end of the conversation about compression in ../README.md, with ws.

import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import { LARGEST, options } from './compression.mjs';
import { ORDER } from './conversation.mjs';

/** Nobody needs the server for longer, should it never be told to quit. */
const LIFETIME_MS = 60_000;

const listener = createServer();

// A server of its own for each connection, with the parameters that its URL asks for.
listener.on('upgrade', (request, stream, head) => {
	const query = new URL(request.url, 'ws://localhost').searchParams;
	const number = (name) => (query.has(name) ? Number(query.get(name)) : undefined);
	const perMessageDeflate = options({
		serverAlone: query.has('server_no_context_takeover'),
		clientAlone: query.has('client_no_context_takeover'),
		serverBits: number('server_max_window_bits'),
		clientBits: number('client_max_window_bits'),
	});
	const server = new WebSocketServer({ noServer: true, perMessageDeflate, maxPayload: LARGEST });
	server.handleUpgrade(request, stream, head, serve);
});

function serve(socket) {
	socket.on('error', (error) => fail(error.message));
	socket.on('message', (data, isBinary) => {
		if (!isBinary && data.toString() === `${ORDER}quit`) {
			socket.close(1000);
			socket.on('close', () => process.exit(0));
		} else {
			socket.send(data, { binary: isBinary });
		}
	});
}

function fail(why) {
	console.log(`failed: ${why}`);
	process.exit(1);
}

setTimeout(() => fail(`nobody said quit within ${LIFETIME_MS / 1000} s`), LIFETIME_MS);
listener.listen(0, '127.0.0.1', () => console.log(`ready ${listener.address().port}`));
