// What both ends of the conversation about compression in ../README.md agree on.

/** More than the messages of the conversation. */
export const LARGEST = 16 * 1024 * 1024;

/** Parameters as ws takes them: those that are not there are left to the other end. */
export function options({ serverAlone, clientAlone, serverBits, clientBits }) {
	return {
		serverNoContextTakeover: serverAlone || undefined,
		clientNoContextTakeover: clientAlone || undefined,
		serverMaxWindowBits: serverBits,
		clientMaxWindowBits: clientBits,
		threshold: 0,
	};
}
