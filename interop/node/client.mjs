// The checking end of the conversation in ../README.md, with ws.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { WebSocket } from 'ws';

import { BYTES, PROTOCOL, TEXT, pieces, sendFragments } from './conversation.mjs';

/** For each thing that is waited for; a busy machine needs a fraction of it. */
const PATIENCE_MS = 15_000;
const BIG = 10_000_000;
const MANY = 1000;

const { values: options } = parseArgs({
	options: { url: { type: 'string' }, ca: { type: 'string' }, proxied: { type: 'boolean', default: false } },
});

/** A connection that is read one message at a time: texts as strings, the others as buffers. */
class Connection {
	#messages = [];
	#reader = null;

	static async open(headers = {}) {
		const ca = options.ca && readFileSync(options.ca);
		const socket = new WebSocket(options.url, ['other.example', PROTOCOL], { headers, ca });
		const connection = new Connection(socket);
		await inTime('the handshake', new Promise((resolve, reject) => {
			socket.on('upgrade', (response) => { connection.response = response; });
			socket.on('open', resolve);
			socket.on('error', reject);
		}));
		return connection;
	}

	constructor(socket) {
		this.socket = socket;
		socket.on('message', (data, isBinary) => {
			this.#messages.push(isBinary ? data : data.toString());
			this.#reader?.();
		});
		this.closed = new Promise((resolve) => {
			socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
		});
		this.closed.then(() => this.#reader?.());
	}

	/** The next message, which is waited for. */
	async next(what) {
		if (this.#messages.length === 0) {
			await inTime(what, new Promise((resolve) => { this.#reader = resolve; }));
		}
		if (this.#messages.length === 0) {
			throw new Error(`${what}: the connection has ended (${await this.closed})`);
		}
		return this.#messages.shift();
	}

	/** Sends a message and expects it back. */
	async echo(what, message) {
		this.socket.send(message);
		expect(what, await this.next(what), message);
	}

	/** Gives an order and returns the answer. */
	async order(text) {
		this.socket.send(`do: ${text}`);
		return this.next(text);
	}
}

async function converse() {
	await exchange();

	const second = await Connection.open();
	expect('the close that we sent', await second.order('last close'), '4001 bye');
	second.socket.send('do: close 4002 so long');
	expect('the close of the server', await inTime('the close of the server', second.closed), '4002 so long');

	const third = await Connection.open();
	const answer = await third.order('last close');
	expect('the answer to the close of the server', answer.split(' ')[0], '4002');
	third.socket.send('do: quit');
	expect('the end', await inTime('the end', third.closed), '1000 ');
}

async function exchange() {
	const token = randomUUID();
	const connection = await Connection.open({ 'X-Tungsten-Client': token });
	expect('the sub-protocol', connection.socket.protocol, PROTOCOL);
	expect('the header of the response', connection.response.headers['x-tungsten-server'], 'echo');
	expect('the header of the request', await connection.order('header x-tungsten-client'), token);
	if (options.proxied) {
		expect('the header of the proxy', await connection.order('header x-forwarded-proto'), 'https');
	}

	await connection.echo('text', TEXT);
	await connection.echo('bytes', BYTES);
	await connection.echo('an empty text', '');
	await connection.echo('no bytes', Buffer.alloc(0));

	sendFragments(connection.socket, pieces(Buffer.from(TEXT), 3), false);
	expect('text that we sent in fragments', await connection.next('text that we sent in fragments'), TEXT);
	sendFragments(connection.socket, pieces(BYTES, 100), true);
	expect('bytes that we sent in fragments', await connection.next('bytes that we sent in fragments'), BYTES);
	expect('text of the server', await connection.order('fragments'), TEXT);
	expect('bytes of the server', await connection.next('bytes of the server'), BYTES);

	const pong = new Promise((resolve) => {
		connection.socket.on('pong', (payload) => payload.toString() === 'ours' && resolve());
	});
	connection.socket.ping('ours');
	await inTime('the answer to our ping', pong);
	expect('our answer to a ping', await connection.order('ping'), 'ponged');

	for (let idx = 0; idx < MANY; idx++) {
		connection.socket.send(`message ${idx}`);
	}
	for (let idx = 0; idx < MANY; idx++) {
		expect('many messages', await connection.next(`message ${idx} of many`), `message ${idx}`);
	}
	await connection.echo('a big message', Buffer.alloc(BIG, BYTES.subarray(0, 251)));
	await connection.echo('a big text', 'é'.repeat(BIG / 20));

	connection.socket.close(4001, 'bye');
	expect('the answer to our close', (await inTime('the answer to our close', connection.closed)).split(' ')[0], '4001');
}

function expect(what, actual, expected) {
	const equal = Buffer.isBuffer(expected)
		? Buffer.isBuffer(actual) && actual.equals(expected)
		: actual === expected;
	if (!equal) {
		throw new Error(`${what}: got ${describe(actual)}, expected ${describe(expected)}`);
	}
}

function describe(value) {
	const text = Buffer.isBuffer(value) ? `${value.length} bytes ${value.toString('hex')}` : JSON.stringify(value) ?? 'nothing';
	return text.length > 80 ? `${text.slice(0, 80)}… (${value.length} in all)` : text;
}

async function inTime(what, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

converse().then(
	() => console.log('conversation held'),
	(error) => {
		console.log(`failed: ${error.message}`);
		process.exit(1);
	},
);
