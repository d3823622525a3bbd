// The obeying end of the conversation in ../README.md, with ws.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { parseArgs } from 'node:util';

import { WebSocketServer } from 'ws';

import { BYTES, ORDER, PROTOCOL, TEXT, pieces, sendFragments } from './conversation.mjs';

/** Nobody needs the server for longer, should it never be told to quit. */
const LIFETIME_MS = 60_000;

const { values: options } = parseArgs({ options: { certificate: { type: 'string' }, key: { type: 'string' } } });
const listener = options.key
	? createSecureServer({ cert: readFileSync(options.certificate), key: readFileSync(options.key) })
	: createServer();
const server = new WebSocketServer({
	server: listener,
	handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
});
server.on('headers', (headers) => headers.push('X-Tungsten-Server: echo'));

/** How the connection before the next one ended. */
let lastClose = Promise.resolve('there was none');

server.on('connection', (socket, request) => {
	const closeBefore = lastClose;
	lastClose = new Promise((resolve) => {
		socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
	});
	socket.on('error', (error) => fail(error.message));
	socket.on('message', (data, isBinary) => {
		const text = isBinary ? '' : data.toString();
		if (text.startsWith(ORDER)) {
			obey(socket, request, closeBefore, text.slice(ORDER.length));
		} else {
			socket.send(data, { binary: isBinary });
		}
	});
});

function obey(socket, request, closeBefore, order) {
	const [verb, ...words] = order.split(' ');
	switch (verb) {
		case 'header':
			socket.send(request.headers[words[0]] ?? '');
			break;
		case 'fragments':
			sendFragments(socket, pieces(Buffer.from(TEXT), 3), false);
			sendFragments(socket, pieces(BYTES, 100), true);
			break;
		case 'ping':
			socket.on('pong', (payload) => {
				if (payload.toString() === 'ordered') {
					socket.send('ponged');
				}
			});
			socket.ping('ordered');
			break;
		case 'last':
			closeBefore.then((close) => socket.send(close));
			break;
		case 'close':
			socket.close(Number(words[0]), words.slice(1).join(' '));
			break;
		case 'quit':
			socket.close(1000);
			socket.on('close', () => process.exit(0));
			break;
		default:
			fail(`no such order: ${order}`);
	}
}

function fail(why) {
	console.log(`failed: ${why}`);
	process.exit(1);
}

setTimeout(() => fail(`nobody said quit within ${LIFETIME_MS / 1000} s`), LIFETIME_MS);
listener.listen(0, '127.0.0.1', () => console.log(`ready ${listener.address().port}`));
