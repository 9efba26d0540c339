/** Kernels for tests: what ordinary ones of some releases report. */
import { capBits } from "../model/caps.js";
import { type Facts, readFacts } from "../model/facts.js";
import { type Judgement, judge } from "./judge.js";
import type { PlannedCase } from "./plannedCase.js";

/** What an ordinary kernel of this release reports, with what is said otherwise. */
export function kernel(
	release: string,
	reported: Record<string, string> = {},
): Facts {
	return readFacts({
		arch: "x86_64",
		reported: {
			release,
			version: "#1 SMP",
			uid: "0",
			caps: "000001ffffffffff",
			cap_last_cap: "40",
			word_bits: "64",
			pid_max: "32768",
			ns_last_pid: "0666",
			map_files: "0500",
			user_ns: "0444",
			pid_ns: "0444",
			ipc_ns: "0444",
			uts_ns: "0444",
			net_ns: "0444",
			fhandle: "1",
			userfaultfd: "0644",
			time_ns: "0444",
			sysvipc: "0644",
			unix: "0444",
			msg_next_id: "0444",
			ptmx: "0666",
			serial_port: "4",
			pagemap: "0400",
			mm_map_size: "104",
			clone3: "1",
			openat2: "1",
			faccessat2: "1",
			kcmp: "1",
			process_vm_readv: "1",
			pidfd_getfd: "1",
			multiuser: "1",
			seccomp: "1",
			cgroup2: "1",
			mqueue: "0644",
			inet: "1",
			hugetlb: "1",
			overlay: "1",
			memfd_secret: "1",
			noexec_seal: "1",
			max_user_namespaces: "1000",
			// No kernel has both, but then every case would be skipped somewhere.
			lsm: "lockdown,capability,landlock,apparmor,selinux,tomoyo,bpf",
			landlock: "2",
			btf: "0444",
			machine: "x86_64",
			policy_apparmor: "0644",
			policy_selinux: "0644",
			policy_tomoyo: "0644",
			criu: "4.1.1-1",
			program: "nodejs 20.19.2+dfsg-1",
			yama_ptrace_scope: "0",
			...reported,
		},
	});
}

export const KERNELS = {
	"5.8": kernel("5.8.0", { cap_last_cap: "39", msg_next_id: "0644" }),
	"5.10": kernel("5.10.223", { msg_next_id: "0644" }),
	i386: kernel("5.10.223", {
		msg_next_id: "0644",
		word_bits: "32",
		machine: "i686",
	}),
	"5.17": kernel("5.17.1", { msg_next_id: "0666" }),
	"6.1": kernel("6.1.192"),
	"6.3": kernel("6.3.13", { legacy_tiocsti: "0" }),
	// Ubuntu 24.10's: the one release in which an executable has writers, but for the first two of 6.12.
	"6.11": kernel("6.11.0-14-generic", {
		version: "#15-Ubuntu SMP PREEMPT_DYNAMIC",
		version_signature: "Ubuntu 6.11.0-14.15-generic 6.11.0",
		legacy_tiocsti: "0",
	}),
	"6.12": kernel("6.12.107", { legacy_tiocsti: "0" }),
	"7.2": kernel("7.2.13"),
	bare: {
		...kernel("6.1.0", {
			ns_last_pid: "0",
			user_ns: "0",
			pid_ns: "0",
			mm_map_size: "0",
			msg_next_id: "0",
		}),
		config: new Map(),
	},
	none: kernel("6.1.0", { multiuser: "0" }),
} satisfies Record<string, Facts>;

/** A subject as an honest helper reads it back: what the planned case's subject must show. */
export function whoOf({ subjectProgram }: PlannedCase): string {
	const ready = /(?:^| )--=(\S+)/.exec(subjectProgram)?.[1] ?? "";
	const shown = ready.split(",").map((item) => {
		const cut = item.indexOf(":");
		const [key, value] = [item.slice(0, cut), item.slice(cut + 1)];
		const isSet = ["eff", "prm", "inh", "bnd", "amb"].includes(key);
		return `${key}:${isSet ? capBits(value, 40).toString(16) : value}`;
	});
	return shown.join(",");
}

/** Judges a payload to which the read-back of the case's own subject is added where it has none. */
export function judgeHonest(planned: PlannedCase, payload: string): Judgement {
	const answered = /^obs \d+ us=\d+ end=ok(?!.* who=)/;
	return judge(
		planned,
		payload.replace(answered, (head) => `${head} who=${whoOf(planned)}`),
	);
}
