/** Whose kernels have names, as data: what the kernels are called there, and what to download where they can't be fetched. */
import type { Arch } from "../base/machines.js";

export type VendorName =
	| "debian"
	| "ubuntu"
	| "fedora"
	| "opensuse"
	| "arch"
	| "alpine";

export interface Vendor {
	readonly label: string;
	/** The package manager that fetches them, with its own check of signatures. */
	readonly program: "apt-get" | "dnf" | "zypper" | "pacman" | "apk";
	/** What its architectures are called, and its packages of kernels by flavour; the first is the default. */
	readonly arches: Readonly<
		Partial<Record<Arch, { name: string; flavours: Flavours }>>
	>;
	/** What a release of it looks like, for messages. */
	readonly example: string;
	/** What holds the kernel where the package manager is missing, or not configured for it. */
	readonly download: string;
}

type Flavours = Readonly<Record<string, string>>;

const FEDORA: Flavours = {
	core: "kernel-core",
	debug: "kernel-debug-core",
	rt: "kernel-rt-core",
};
const ALPINE: Flavours = { virt: "linux-virt", lts: "linux-lts" };
const UBUNTU: Flavours = {
	virtual: "linux-image-virtual",
	generic: "linux-image-generic",
};
const OPENSUSE: Flavours = { default: "kernel-default" };

export const VENDORS: Readonly<Record<VendorName, Vendor>> = {
	debian: {
		label: "Debian",
		program: "apt-get",
		arches: {
			x86_64: {
				name: "amd64",
				flavours: {
					cloud: "linux-image-cloud-amd64",
					generic: "linux-image-amd64",
					rt: "linux-image-rt-amd64",
				},
			},
			aarch64: {
				name: "arm64",
				flavours: {
					cloud: "linux-image-cloud-arm64",
					generic: "linux-image-arm64",
					rt: "linux-image-rt-arm64",
				},
			},
			i386: {
				name: "i386",
				flavours: {
					generic: "linux-image-686-pae",
					nopae: "linux-image-686",
					rt: "linux-image-rt-686-pae",
				},
			},
			armhf: {
				name: "armhf",
				flavours: {
					generic: "linux-image-armmp",
					lpae: "linux-image-armmp-lpae",
					rt: "linux-image-rt-armmp",
				},
			},
			riscv64: {
				name: "riscv64",
				flavours: { generic: "linux-image-riscv64" },
			},
			s390x: { name: "s390x", flavours: { generic: "linux-image-s390x" } },
			ppc64el: {
				name: "ppc64el",
				flavours: { generic: "linux-image-powerpc64le" },
			},
		},
		example: "debian:bookworm",
		download: "linux-image-*.deb from packages.debian.org",
	},
	ubuntu: {
		label: "Ubuntu",
		program: "apt-get",
		arches: {
			x86_64: { name: "amd64", flavours: UBUNTU },
			aarch64: { name: "arm64", flavours: UBUNTU },
			armhf: { name: "armhf", flavours: { generic: "linux-image-generic" } },
			riscv64: {
				name: "riscv64",
				flavours: { generic: "linux-image-generic" },
			},
			s390x: { name: "s390x", flavours: { generic: "linux-image-generic" } },
			ppc64el: {
				name: "ppc64el",
				flavours: { generic: "linux-image-generic" },
			},
		},
		example: "ubuntu:noble",
		download:
			"linux-image-*.deb from packages.ubuntu.com, with its linux-modules-*.deb beside it",
	},
	fedora: {
		label: "Fedora",
		program: "dnf",
		arches: {
			x86_64: { name: "x86_64", flavours: FEDORA },
			aarch64: { name: "aarch64", flavours: FEDORA },
			s390x: { name: "s390x", flavours: FEDORA },
			ppc64el: { name: "ppc64le", flavours: FEDORA },
		},
		example: "fedora:43",
		download: "kernel-core-*.rpm from koji.fedoraproject.org",
	},
	opensuse: {
		label: "openSUSE",
		program: "zypper",
		arches: {
			x86_64: { name: "x86_64", flavours: OPENSUSE },
			aarch64: { name: "aarch64", flavours: OPENSUSE },
			riscv64: { name: "riscv64", flavours: OPENSUSE },
			s390x: { name: "s390x", flavours: OPENSUSE },
			ppc64el: { name: "ppc64le", flavours: OPENSUSE },
		},
		example: "opensuse:tumbleweed",
		download: "kernel-default-*.rpm from download.opensuse.org",
	},
	arch: {
		label: "Arch Linux",
		program: "pacman",
		arches: {
			x86_64: {
				name: "x86_64",
				flavours: {
					stable: "linux",
					lts: "linux-lts",
					hardened: "linux-hardened",
					zen: "linux-zen",
				},
			},
		},
		example: "arch:rolling",
		download: "linux-*.pkg.tar.zst from archlinux.org/packages",
	},
	alpine: {
		label: "Alpine",
		program: "apk",
		arches: {
			x86_64: { name: "x86_64", flavours: ALPINE },
			aarch64: { name: "aarch64", flavours: ALPINE },
			i386: { name: "x86", flavours: ALPINE },
			armhf: { name: "armv7", flavours: ALPINE },
			riscv64: { name: "riscv64", flavours: { lts: "linux-lts" } },
			s390x: { name: "s390x", flavours: { lts: "linux-lts" } },
			ppc64el: { name: "ppc64le", flavours: { lts: "linux-lts" } },
		},
		example: "alpine:3.22",
		download: "linux-virt-*.apk or linux-lts-*.apk from pkgs.alpinelinux.org",
	},
};

export function isVendor(name: string): name is VendorName {
	return Object.hasOwn(VENDORS, name);
}
