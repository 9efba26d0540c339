import type { Command } from "commander";
import { clearStates, type KeptState, listStates } from "../../../vm/index.js";
import { print } from "../../common/stdout.js";

interface CacheOptions {
	clear?: boolean;
	json?: boolean;
}

const MORE = `
A run saves the guest that it has booted, and the next run of the same kernel goes on from there. Together such guests take
at most 2 GiB: the one that was used longest ago goes first.`;

/** `crcap cache` */
export function addCache(program: Command): void {
	program
		.command("cache")
		.description("saved guests, from which later runs go on")
		.option("--clear", "throw them away")
		.option("--json", "as JSON")
		.addHelpText("after", MORE)
		.action(async ({ clear, json }: CacheOptions) => {
			const states = await listStates();
			if (clear) await clearStates();
			await print(
				json
					? `${JSON.stringify(states.map(toJson), null, 2)}\n`
					: [...states.map(line), sum(states, clear)].join(""),
			);
		});
}

function toJson({ key, label, savedAt, usedAt, bytes }: KeptState): object {
	return {
		key,
		label,
		savedAt: new Date(savedAt).toISOString(),
		usedAt: new Date(usedAt).toISOString(),
		bytes,
	};
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;

function line({ key, label, savedAt, usedAt, bytes }: KeptState): string {
	const time = (ms: number): string =>
		new Date(ms).toISOString().replace(/\..*/, "Z");
	const what = label === "" ? "it can't be read" : label;
	return `${key.slice(0, 12)}  ${mib(bytes).padStart(8)}  saved ${time(savedAt)}  used ${time(usedAt)}  ${what}\n`;
}

function sum(states: readonly KeptState[], clear = false): string {
	const bytes = states.reduce((all, one) => all + one.bytes, 0);
	const guests = states.length === 1 ? "1 guest" : `${states.length} guests`;
	return `${guests}, ${mib(bytes)}${clear ? ", thrown away" : ""}\n`;
}
