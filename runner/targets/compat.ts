/** 64-bit kernels that run 32-bit programs as well: what the compatible system calls check is measured, not assumed. */

interface Compat {
	/** The 32-bit helper's architecture. */
	readonly arch: string;
	/** The kernel's option for it. */
	readonly option: string;
}

const COMPAT: Readonly<Record<string, Compat>> = {
	x86_64: { arch: "i386", option: "IA32_EMULATION" },
	aarch64: { arch: "armhf", option: "COMPAT" },
};

/** The helper's other architecture on this kernel; undefined where the kernel, as far as its configuration is known, has none. */
export function compatArch(
	arch: string,
	config: string | undefined,
): string | undefined {
	const compat = COMPAT[arch];
	if (compat === undefined) return undefined;
	const on = new RegExp(`^CONFIG_${compat.option}=y$`, "m");
	return config === undefined || on.test(config) ? compat.arch : undefined;
}
