/** The architecture table: how a kernel of each architecture is run, as data. */

export const ARCHES = [
	"x86_64",
	"aarch64",
	"i386",
	"armhf",
	"riscv64",
	"s390x",
	"ppc64el",
] as const;
export type Arch = (typeof ARCHES)[number];

/** How the agent's frames leave the guest. */
export type ChannelPort =
	/** A port of its own: the device in the guest, and what makes it (`results` is the chardev's id). */
	| { kind: "own"; device: string; args: readonly string[] }
	/** The console's port: frames and kernel messages share it. */
	| { kind: "shared"; device: string };

export interface Machine {
	readonly arch: Arch;
	/** The QEMU program. */
	readonly qemu: string;
	/** The Debian package that holds it. */
	readonly qemuPackage: string;
	readonly debianArch: string;
	readonly machine: string;
	/** The same under KVM, where it must differ. */
	readonly kvmMachine?: string;
	readonly cpu: string;
	readonly memoryMiB: number;
	/** The kernel's `console=`. */
	readonly console: string;
	/** What makes the console's port (`console` is the chardev's id). */
	readonly consoleArgs: readonly string[];
	readonly channel: ChannelPort;
	/** Node's names of the hosts whose KVM can run it. */
	readonly kvmHosts: readonly NodeJS.Architecture[];
	/** True where guests of it were seen to be saved and resumed, under emulation with QEMU 7.2. */
	readonly resumes: boolean;
	/** How much slower than x86_64 this machine boots under emulation; deadlines are multiplied by it. */
	readonly slowness: number;
	/** The most that a kernel takes as its command line, bytes with the end's: COMMAND_LINE_SIZE, of several versions the largest. */
	readonly commandLineSize: number;
	/** Said on the kernel's command line of this machine only. */
	readonly append?: string;
}

const SERIAL = ["-serial", "chardev:console"];
const PCI_SERIAL = ["-device", "pci-serial,chardev=results"];

export const MACHINES: Readonly<Record<Arch, Machine>> = {
	x86_64: {
		arch: "x86_64",
		qemu: "qemu-system-x86_64",
		qemuPackage: "qemu-system-x86",
		debianArch: "amd64",
		// Not microvm: with it kernels from 7.2 on hang before their console under QEMU 7.2.
		machine: "pc",
		// RDRAND fills the random pool at once; the default model leaves getrandom() waiting for seconds. A fifth level of page
		// tables and string instructions that clear a page byte by byte (ERMS) only cost an emulator time. FSRM, which QEMU 10.0
		// has, goes with ERMS: a kernel that finds it alone leaves the length check out of memmove() and puts nothing in its place.
		cpu: "max,-la57,-erms,-fsrm",
		memoryMiB: 256,
		commandLineSize: 2048,
		console: "ttyS0",
		consoleArgs: SERIAL,
		channel: {
			kind: "own",
			device: "/dev/ttyS1",
			args: ["-serial", "chardev:results"],
		},
		kvmHosts: ["x64"],
		resumes: true,
		slowness: 1,
	},
	aarch64: {
		arch: "aarch64",
		qemu: "qemu-system-aarch64",
		qemuPackage: "qemu-system-arm",
		debianArch: "arm64",
		machine: "virt",
		// Under KVM the interrupt controller is the host's.
		kvmMachine: "virt,gic-version=host",
		// The default is a 32-bit core; `max` takes three times as long to boot (pointer authentication).
		cpu: "cortex-a57",
		memoryMiB: 256,
		commandLineSize: 2048,
		console: "ttyAMA0",
		consoleArgs: SERIAL,
		// The board has one UART for the kernel; a second one sits on PCI, which 8250_pci drives.
		channel: { kind: "own", device: "/dev/ttyS0", args: PCI_SERIAL },
		kvmHosts: ["arm64"],
		resumes: true,
		slowness: 1.5,
	},
	i386: {
		arch: "i386",
		qemu: "qemu-system-i386",
		qemuPackage: "qemu-system-x86",
		debianArch: "i386",
		machine: "pc",
		cpu: "max,-erms,-fsrm",
		memoryMiB: 256,
		commandLineSize: 2048,
		console: "ttyS0",
		consoleArgs: SERIAL,
		channel: {
			kind: "own",
			device: "/dev/ttyS1",
			args: ["-serial", "chardev:results"],
		},
		kvmHosts: ["x64", "ia32"],
		resumes: true,
		slowness: 2,
	},
	armhf: {
		arch: "armhf",
		qemu: "qemu-system-arm",
		qemuPackage: "qemu-system-arm",
		debianArch: "armhf",
		// Without LPAE a kernel cannot reach the PCI window above 4 GiB.
		machine: "virt,highmem=off",
		cpu: "cortex-a15",
		memoryMiB: 256,
		commandLineSize: 1024,
		console: "ttyAMA0",
		consoleArgs: SERIAL,
		channel: { kind: "own", device: "/dev/ttyS0", args: PCI_SERIAL },
		kvmHosts: ["arm"],
		resumes: true,
		slowness: 2,
	},
	riscv64: {
		arch: "riscv64",
		qemu: "qemu-system-riscv64",
		qemuPackage: "qemu-system-misc",
		debianArch: "riscv64",
		machine: "virt",
		cpu: "rv64",
		memoryMiB: 256,
		commandLineSize: 2048,
		console: "ttyS0",
		consoleArgs: SERIAL,
		channel: { kind: "own", device: "/dev/ttyS1", args: PCI_SERIAL },
		kvmHosts: ["riscv64"],
		resumes: true,
		slowness: 2,
	},
	s390x: {
		arch: "s390x",
		qemu: "qemu-system-s390x",
		qemuPackage: "qemu-system-misc",
		debianArch: "s390x",
		machine: "s390-ccw-virtio",
		cpu: "qemu",
		memoryMiB: 256,
		// The service element has two consoles: the one of lines for the kernel, the other passes bytes as they are.
		commandLineSize: 4096,
		console: "ttyS0",
		consoleArgs: ["-device", "sclplmconsole,chardev=console"],
		channel: {
			kind: "own",
			device: "/dev/ttysclp0",
			args: ["-device", "sclpconsole,chardev=results"],
		},
		kvmHosts: ["s390x"],
		resumes: true,
		slowness: 2,
	},
	ppc64el: {
		arch: "ppc64el",
		qemu: "qemu-system-ppc64",
		qemuPackage: "qemu-system-ppc",
		debianArch: "ppc64el",
		// The virtual firmware: the full one takes 8 s to start a kernel. Emulation has no Spectre workarounds to offer, and
		// says so unless they are off.
		machine:
			"pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off",
		kvmMachine: "pseries",
		cpu: "power9",
		memoryMiB: 256,
		commandLineSize: 2048,
		console: "hvc0",
		consoleArgs: SERIAL,
		channel: {
			kind: "own",
			device: "/dev/hvc1",
			args: ["-device", "spapr-vty,chardev=results"],
		},
		kvmHosts: ["ppc64"],
		resumes: false,
		slowness: 3,
	},
};

/** The machine of an architecture by any of its usual names (`amd64`, `arm64`, `x86`…); undefined for an unknown one. */
export function machineFor(name: string): Machine | undefined {
	const wanted = ALIASES[name] ?? name;
	return ARCHES.includes(wanted as Arch) ? MACHINES[wanted as Arch] : undefined;
}

const ALIASES: Readonly<Record<string, Arch>> = {
	amd64: "x86_64",
	x64: "x86_64",
	arm64: "aarch64",
	i686: "i386",
	ia32: "i386",
	arm: "armhf",
	armv7l: "armhf",
	armmp: "armhf",
	ppc64le: "ppc64el",
	ppc64: "ppc64el",
	riscv: "riscv64",
	s390: "s390x",
};
