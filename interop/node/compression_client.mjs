// The checking end of the conversation about compression in ../README.md, with ws.

import { parseArgs } from 'node:util';

import { WebSocket } from 'ws';

import { LARGEST, options } from './compression.mjs';
import { BYTES, ORDER, TEXT } from './conversation.mjs';

/** For all of it; a busy machine needs a fraction. */
const LIFETIME_MS = 55_000;
const WINDOWS = [undefined, 9, 12, 15];
const SIZES = [1, 300, 5000, 70_000];
const BIG = 1_000_000;
const ALIKE = 20;

const { values: arguments_ } = parseArgs({ options: { url: { type: 'string' }, compression: { type: 'string' } } });
const isAlone = arguments_.compression === 'enabled';

async function converse() {
	for (const serverAlone of [false, true]) {
		for (const clientAlone of [false, true]) {
			for (const serverBits of WINDOWS) {
				// In an offer, null is the parameter without a value, and false is none.
				for (const clientBits of [false, null, 9, 12, 15]) {
					await hold({ serverAlone, clientAlone, serverBits, clientBits });
				}
			}
		}
	}
	const last = await open({});
	last.socket.send(`${ORDER}quit`);
	await last.closed;
}

/** One connection with these parameters in the offer. */
async function hold(offer) {
	const what = JSON.stringify(offer);
	const connection = await open(offer);
	const socket = connection.socket;
	for (let idx = 0; idx < ALIKE; idx++) {
		socket.send(alike(idx));
	}
	for (let idx = 0; idx < ALIKE; idx++) {
		expect(what, await connection.next(), alike(idx));
	}
	const { ratio: ratioOfAlike, ...agreed } = await connection.compression();
	expect(what, JSON.stringify(sorted(agreed)), JSON.stringify({
		client_max_window_bits: 15,
		client_no_context_takeover: offer.clientAlone,
		server_max_window_bits: offer.serverBits ?? 15,
		server_no_context_takeover: offer.serverAlone || isAlone,
	}));
	if (!offer.serverAlone && !offer.clientAlone && !isAlone && ratioOfAlike > 0.5) {
		throw new Error(`${what}: alike messages have a ratio of ${ratioOfAlike}`);
	}
	for (const size of SIZES) {
		await connection.echo(what, verse(size));
		await connection.echo(what, Buffer.from(verse(size)));
	}
	await connection.echo(what, Buffer.from(verse(BIG)));
	await connection.echo(what, TEXT);
	await connection.echo(what, BYTES);
	await connection.echo(what, Buffer.alloc(0));
	const { ratio } = await connection.compression();
	if (!(ratio > 0 && ratio < 0.5)) {
		throw new Error(`${what}: all messages have a ratio of ${ratio}`);
	}
	socket.close(4001, 'bye');
	expect(what, (await connection.closed).split(' ')[0], '4001');
}

/** Text of so many characters, which gets smaller. */
function verse(length) {
	return 'the quick brown fox jumps over the lazy dog; '.repeat(length / 45 + 1).slice(0, length);
}

/** A message that is like the one before. */
function alike(idx) {
	return `{"player": ${idx}, "position": [12.5, 0.25, -3.75], "health": 100}`;
}

/** A connection that is read one message at a time: texts as strings, the others as buffers. */
async function open(offer) {
	const socket = new WebSocket(arguments_.url, { perMessageDeflate: options(offer), maxPayload: LARGEST });
	const messages = [];
	let reader = () => {};
	socket.on('message', (data, isBinary) => {
		messages.push(isBinary ? data : data.toString());
		reader();
	});
	const closed = new Promise((resolve) => {
		socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
	});
	closed.then((close) => {
		messages.push(`the end: ${close}`);
		reader();
	});
	await new Promise((resolve, reject) => {
		socket.on('open', resolve);
		socket.on('error', reject);
	});
	const next = async () => {
		if (messages.length === 0) {
			await new Promise((resolve) => { reader = resolve; });
		}
		return messages.shift();
	};
	return {
		socket,
		closed,
		next,
		async echo(what, message) {
			socket.send(message);
			expect(what, await next(), message);
		},
		async compression() {
			socket.send(`${ORDER}compression`);
			return JSON.parse(await next());
		},
	};
}

function sorted(object) {
	return Object.fromEntries(Object.entries(object).sort());
}

function expect(what, actual, expected) {
	const equal = Buffer.isBuffer(expected)
		? Buffer.isBuffer(actual) && actual.equals(expected)
		: actual === expected;
	if (!equal) {
		throw new Error(`${what}: got ${String(actual).slice(0, 200)}, expected ${String(expected).slice(0, 200)}`);
	}
}

function fail(why) {
	console.log(`failed: ${why}`);
	process.exit(1);
}

const timer = setTimeout(() => fail(`the conversation did not end within ${LIFETIME_MS / 1000} s`), LIFETIME_MS);
converse().then(
	() => {
		clearTimeout(timer);
		console.log('conversation held');
	},
	(error) => fail(error.message),
);
