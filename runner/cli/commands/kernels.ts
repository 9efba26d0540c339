import type { Command } from "commander";
import { createProgress } from "../../../results/index.js";
import {
	ARCHES,
	type CachedKernel,
	cachedKernel,
	catalogueNames,
	fetchKernel,
	type KernelName,
	machineFor,
	VmError,
} from "../../../vm/index.js";
import { EXIT } from "../../common/exitStatus.js";
import { listenForStop } from "../../common/interrupt.js";
import { print } from "../../common/stdout.js";
import { didYouMean, UsageError } from "../../common/usage.js";
import { text } from "../../request/values.js";
import { nearestName, readKernelName } from "../../targets/kernelTargets.js";
import { localArch } from "../../targets/localTarget.js";
import type { CommandContext } from "./context.js";

interface ListOptions {
	arch?: string;
	json?: boolean;
}

const MORE = `
A name is debian:SUITE, and where wanted /FLAVOUR and @ARCH: debian:trixie, debian:sid/generic, debian:bookworm@arm64.
Where this machine has the package manager and its repositories, fedora:43, ubuntu:noble, opensuse:tumbleweed, arch:rolling
and alpine:3.22 are names as well.
A run fetches what is not there yet and then keeps to it; \`crcap kernels fetch\` looks for a newer package.`;

/** `crcap kernels` */
export function addKernels(program: Command, context: CommandContext): void {
	const kernels = program
		.command("kernels")
		.description("kernels that can be had by name, and which are here")
		.option(
			"--arch <arch>",
			"of this architecture, or all (default: this machine's)",
			text,
		)
		.option("--json", "as JSON")
		.addHelpText("after", MORE)
		.allowExcessArguments()
		.action(async (options: ListOptions, { args }: Command) => {
			refuseWord(args[0]);
			const rows = await lookUp(namesFor(options.arch ?? localArch()));
			await print(
				options.json
					? `${JSON.stringify(rows.map(toJson), null, 2)}\n`
					: table(rows),
			);
		});
	kernels
		.command("fetch")
		.description("fetch the newest package of each name")
		.argument("<name...>", "as `crcap kernels` lists them")
		.action(async (names: string[]) => {
			context.status = await fetchAll(
				names.map((name) => readKernelName(name)),
			);
		});
}

/** What is no option stands where a command of this one's could. */
function refuseWord(word: string | undefined): void {
	if (word === undefined) return;
	throw new UsageError(
		`kernels: unknown command '${word}'${didYouMean(word, ["fetch"])}`,
	);
}

interface Row {
	readonly name: KernelName;
	readonly cached: CachedKernel | undefined;
}

function namesFor(arch: string): KernelName[] {
	if (arch === "all") return catalogueNames();
	const machine = machineFor(arch);
	if (machine === undefined) {
		throw new UsageError(
			`--arch ${arch}: it is one of all, ${ARCHES.join(", ")}${didYouMean(arch, ["all", ...ARCHES])}`,
		);
	}
	return catalogueNames(machine.arch);
}

async function lookUp(names: readonly KernelName[]): Promise<Row[]> {
	const rows = [];
	for (const name of names)
		rows.push({ name, cached: await cachedKernel(name) });
	return rows;
}

function toJson({ name, cached }: Row): object {
	return {
		name: name.name,
		arch: name.arch,
		cached:
			cached === undefined
				? null
				: {
						release: cached.release,
						package: cached.package,
						version: cached.version,
						image: cached.image,
					},
	};
}

function table(rows: readonly Row[]): string {
	const width = Math.max(...rows.map(({ name }) => name.name.length));
	return rows
		.map(({ name, cached }) => {
			const here =
				cached === undefined
					? "not fetched"
					: `${cached.release} (${cached.package} ${cached.version})`;
			return `${name.name.padEnd(width)}  ${here}\n`;
		})
		.join("");
}

/** One after the other; a failure costs only its own name. */
async function fetchAll(names: readonly KernelName[]): Promise<number> {
	const progress = createProgress(process.stderr, { live: false });
	const stop = listenForStop(EXIT.interrupted);
	let status: number = EXIT.ok;
	try {
		for (const name of names) {
			try {
				const {
					image,
					package: from,
					version,
				} = await fetchKernel(name, {
					signal: stop.signal,
					onProgress: (line) => progress.say(`${name.name}: ${line}`),
				});
				await print(`${name.name}  ${from} ${version}  ${image}\n`);
			} catch (error) {
				if (stop.interrupted()) return EXIT.interrupted;
				if (!(error instanceof VmError)) throw error;
				const named = error.message.startsWith(name.name);
				progress.say(
					`${named ? "" : `${name.name}: `}${error.message}${nearestName(name.name)}`,
				);
				status = EXIT.incomplete;
			}
		}
		return status;
	} finally {
		stop.dispose();
	}
}
