/** Where ssh goes, as the user wrote it, and how it is called: the user's own client, with the user's own configuration. */
import { UsageError } from "../common/usage.js";

export interface SshDestination {
	/** As it was written. */
	readonly text: string;
	/** `[user@]host`, as ssh takes it; the host may be an alias of its configuration. */
	readonly host: string;
	readonly port?: number;
}

const FORM = /^(?:([^@\s]+)@)?(\[[0-9A-Fa-f:.%\w]+\]|[^@\s:[\]]+)(?::(\d+))?$/;

/**
 * Reads `[user@]host[:port]`; an IPv6 address stands in brackets.
 * @throws UsageError for what is none
 */
export function readDestination(text: string): SshDestination {
	const [, user, host = "", port] = FORM.exec(text) ?? [];
	const plain = host.replace(/^\[|\]$/g, "");
	const number = port === undefined ? undefined : Number(port);
	// What begins with a dash would be an option of ssh's.
	if (plain === "" || text.startsWith("-") || plain.startsWith("-"))
		throw new UsageError(
			`--ssh ${text}: it is [user@]host[:port], with an IPv6 address in brackets`,
		);
	if (number !== undefined && (number < 1 || number > 65_535))
		throw new UsageError(`--ssh ${text}: a port is 1 to 65535`);
	return {
		text,
		host: user === undefined ? plain : `${user}@${plain}`,
		...(number === undefined ? {} : { port: number }),
	};
}

/** Seconds without a word from the other side, after which it is asked for one; three such, and the connection is lost. */
const ALIVE_SECONDS = 5;
/** Seconds without a word from here after which the agent ends: that a connection is lost may never be told to the machine it runs on. */
export const SILENCE_SECONDS = 60;
/** Seconds until a connection that does not come about is given up. */
const CONNECT_SECONDS = 30;

/**
 * Nothing is asked of whoever sits there, and nothing of the user's configuration that is for people: no terminal, no forwarded
 * ports, no command of its own. The remote program is a plain shell, which reads what it is to do.
 */
export function sshArguments({ host, port }: SshDestination): string[] {
	const options = {
		BatchMode: "yes",
		ConnectTimeout: CONNECT_SECONDS,
		ServerAliveInterval: ALIVE_SECONDS,
		ServerAliveCountMax: 3,
		ClearAllForwardings: "yes",
		ForwardAgent: "no",
		ForwardX11: "no",
		PermitLocalCommand: "no",
		RemoteCommand: "none",
		RequestTTY: "no",
	};
	return [
		"-T",
		...Object.entries(options).flatMap(([name, value]) => [
			"-o",
			`${name}=${value}`,
		]),
		...(port === undefined ? [] : ["-p", String(port)]),
		"--",
		host,
		"exec sh",
	];
}
