/** What a kernel's configuration lacks to boot here, read before a boot that would only hang. */
import type { Arch } from "../base/machines.js";

interface Need {
	/** Any of these, built in, will do. */
	any: readonly string[];
	/** What it is, for the message. */
	what: string;
}

const EVERYWHERE: readonly Need[] = [
	{ any: ["BLK_DEV_INITRD"], what: "an initramfs" },
	{ any: ["BINFMT_ELF"], what: "ELF programs" },
	{ any: ["TTY"], what: "terminals" },
	{ any: ["PRINTK"], what: "kernel messages" },
	{ any: ["PROC_FS"], what: "/proc" },
	{ any: ["DEVTMPFS"], what: "device nodes" },
];

const PC_SERIAL: readonly Need[] = [
	{ any: ["SERIAL_8250"], what: "the serial ports" },
	{ any: ["SERIAL_8250_CONSOLE"], what: "a console on the serial port" },
];

const PL011: readonly Need[] = [
	{ any: ["SERIAL_AMBA_PL011_CONSOLE"], what: "a console on the serial port" },
	{ any: ["SERIAL_8250_PCI"], what: "the second serial port, which is on PCI" },
];

const BY_ARCH: Readonly<Record<Arch, readonly Need[]>> = {
	x86_64: PC_SERIAL,
	i386: PC_SERIAL,
	aarch64: PL011,
	armhf: PL011,
	riscv64: [
		{ any: ["SERIAL_OF_PLATFORM"], what: "the serial port" },
		{ any: ["SERIAL_8250_CONSOLE"], what: "a console on the serial port" },
		{
			any: ["SERIAL_8250_PCI"],
			what: "the second serial port, which is on PCI",
		},
	],
	s390x: [
		{ any: ["SCLP_CONSOLE"], what: "a console on the service element" },
		{ any: ["SCLP_VT220_TTY"], what: "the service element's terminal" },
	],
	ppc64el: [
		{ any: ["PPC_PSERIES"], what: "the pseries machine" },
		{ any: ["HVC_CONSOLE"], what: "the hypervisor's console" },
	],
};

/** The options that are set, with their values (`y`, `m`, numbers, strings). */
export function parseConfig(text: string): Map<string, string> {
	const options = new Map<string, string>();
	for (const [, name, value] of text.matchAll(/^CONFIG_(\w+)=(.*?)\r?$/gm))
		options.set(name as string, value as string);
	return options;
}

/** What is missing, one phrase each, e.g. `an initramfs (CONFIG_BLK_DEV_INITRD=y)`; empty when the kernel should boot. */
export function preflight(configText: string, arch: Arch): string[] {
	const config = parseConfig(configText);
	// Not a configuration at all: nothing can be said from it.
	if (config.size === 0) return [];
	return [...EVERYWHERE, ...BY_ARCH[arch]]
		.filter((need) => !need.any.some((name) => config.get(name) === "y"))
		.map(({ any, what }) => {
			const module = any.find((name) => config.get(name) === "m");
			const why = module === undefined ? "" : ", it is a module";
			return `${what} (CONFIG_${any[0]}=y${why})`;
		});
}
