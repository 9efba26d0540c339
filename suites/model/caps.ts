/** Capabilities by number, as in include/uapi/linux/capability.h. */

export const CAPABILITIES = [
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** A set as the helper's programs write it: `none`, `all`, names joined by + and -. */
export type CapSet = string;

/** The capabilities that Docker, containerd and Podman give by default. */
export const RUNTIME_SET: CapSet =
	"chown+dac_override+fowner+fsetid+kill+setgid+setuid+setpcap+net_bind_service+net_raw+sys_chroot+mknod+audit_write+setfcap";

/** Does the set hold the capability, on a kernel that knows it? */
export function holds(set: CapSet, capability: Capability): boolean {
	let has = false;
	for (const [, sign, word] of set.matchAll(/([+-]?)([a-z_]+|\d+)/g)) {
		const named = word === "all" || word === capability;
		if (named) has = sign !== "-";
	}
	return has;
}

/** The set as bits, on a kernel whose last capability is `last`. */
export function capBits(set: CapSet, last: number): bigint {
	let bits = 0n;
	for (let i = 0; i <= last; i++) {
		const name = CAPABILITIES[i];
		if (name === undefined ? set.startsWith("all") : holds(set, name))
			bits |= 1n << BigInt(i);
	}
	return bits;
}
