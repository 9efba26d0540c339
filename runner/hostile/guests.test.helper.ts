/** What the guest of each row does, by the row's key. A row without an entry has an honest guest. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFrame, RS } from "../../vm/channel/frames.js";
import type { Behaviour, FakeGuest } from "./fakeGuest.test.helper.js";

type Answer = NonNullable<Behaviour["answer"]>;

const forEver = (): Promise<void> => new Promise(() => {});

/** Answers the first case, does this in the second, and is silent then. */
const inSecond = (does: Answer): Behaviour => ({
	answer: async (guest, n) => {
		if (n === 0) return guest.answer(n);
		await does(guest, n);
		return forEver();
	},
});

/** Does this in the second case, and goes on as it should. */
const onceInSecond = (does: Answer): Behaviour => ({
	answer: (guest, n) => (n === 1 ? does(guest, n) : guest.answer(n)),
});

/** Boots as it should after this. */
const before = (does: (guest: FakeGuest) => void | Promise<void>) => ({
	boot: async (guest: FakeGuest) => {
		await does(guest);
		guest.boot();
	},
});

const HELLO = "hello proto=1 crprobe=0.1.0 arch=x86_64";
const OBS = "us=5 end=ok who=uid:1000,eff:0 r=try:0";
const LINE = Buffer.from(`${"x".repeat(4000)}\n`);
const MB = 1_000_000;
/** Something that outlives QEMU: in a session of its own, with QEMU's ports open. */
function leaveBehind(script: string): void {
	spawn("setsid", ["sh", "-c", script], {
		stdio: ["ignore", 1, 2, 3, 4, 5],
		detached: true,
	}).unref();
}

/** A frame of which one letter is another than its checksum says. */
const damaged = (wire: string): string => wire.replace("end=", "enb=");

export const GUESTS: Readonly<Record<string, Behaviour>> = {
	slow: {
		async answer(guest, n) {
			await sleep(40);
			guest.answer(n);
		},
	},
	"damaged-once": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.results.write(damaged(guest.frame(`obs ${n} ${OBS}`)));
	}),
	"damaged-for-ever": {
		...onceInSecond((guest, n) => {
			guest.begin(n);
			guest.results.write(damaged(guest.frame(`obs ${n} ${OBS}`)));
		}),
		resend: (guest, seq) => guest.results.write(damaged(guest.sent[seq] ?? "")),
	},
	"lost-for-ever": {
		...onceInSecond((guest, n) => {
			guest.begin(n);
			guest.frame(`obs ${n} ${OBS}`);
		}),
		resend: () => {},
	},
	"lost-in-a-bisection": {
		...onceInSecond((guest, n) => {
			guest.begin(n);
			guest.frame(`obs ${n} ${OBS}`);
		}),
		resend: () => {},
	},
	"no-longer-kept": {
		...onceInSecond((guest, n) => {
			guest.begin(n);
			guest.frame(`obs ${n} ${OBS}`);
		}),
		resend: (guest, seq) => guest.results.write(encodeFrame(seq, "gone")),
	},
	reordered: {
		answer(guest, n) {
			guest.begin(n);
			guest.frame(`obs ${n} ${OBS}`);
			if (n === 3)
				for (const wire of guest.sent.slice(-4).reverse())
					guest.results.write(wire);
		},
		resend: () => {},
	},
	doubled: {
		answer(guest, n) {
			guest.answer(n);
			guest.results.write(guest.sent.at(-1) ?? "");
		},
	},
	"doubled-otherwise": onceInSecond((guest, n) => {
		guest.answer(n);
		const seq = guest.sent.length - 1;
		guest.results.write(encodeFrame(seq, `obs ${n} us=5 end=died`));
	}),
	"doubled-without-end": inSecond((guest) =>
		guest.flood(guest.results, Buffer.from(guest.sent.at(-1) ?? "")),
	),
	"never-asked": inSecond((guest) => guest.say(`obs 999999 ${OBS}`)),
	"out-of-turn": inSecond((guest) => guest.say(`obs 2 ${OBS}`)),
	gossip: inSecond((guest) => guest.say("by the way")),
	leap: inSecond((guest, n) => {
		guest.results.write(encodeFrame(4_000_000_000, `obs ${n} ${OBS}`));
	}),
	"too-long": {
		...inSecond((guest) => {
			guest.results.write(encodeFrame(guest.sent.length, "x".repeat(9000)));
		}),
		resend: (guest, seq) =>
			guest.results.write(encodeFrame(seq, "x".repeat(9000))),
	},
	dripping: inSecond((guest) => {
		guest.results.write(`\x1e${guest.sent.length} 8000 00000000 `);
		setInterval(() => guest.results.write("x"), 20);
		return forEver();
	}),
	"separators-at-boot": {
		boot: (guest) => {
			guest.print("Linux version 6.1.0-fake");
			guest.results.write(Buffer.alloc(65_536, RS));
		},
	},
	"separators-in-a-case": inSecond((guest) => {
		guest.results.write(Buffer.alloc(65_536, RS));
	}),
	"port-flood": inSecond((guest) =>
		guest.flood(guest.results, LINE, 1000 * MB),
	),
	"port-flood-at-boot": before((guest) =>
		guest.flood(guest.results, LINE, 1000 * MB),
	),
	"asks-again-without-end": inSecond((guest) => {
		for (let i = 0; i < 1000; i++) guest.say("bad 0");
	}),
	"asks-for-what-was-never-sent": inSecond((guest) => guest.say("bad 99999")),
	"two-hellos": {
		boot(guest) {
			guest.say(HELLO);
			guest.say(HELLO);
			guest.say("ready");
		},
	},
	"hello-in-a-case": inSecond((guest) => guest.say(HELLO)),
	"ready-in-a-case": inSecond((guest) => guest.say("ready")),
	"fact-in-a-case": inSecond((guest) => guest.say("fact release=5.10")),
	"other-protocol": {
		boot: (guest) => guest.say("hello proto=2 crprobe=9 arch=x86_64"),
	},
	"no-hello": { boot: (guest) => guest.say("ready") },
	"oops-at-each-boot": before((guest) =>
		guest.print("[    0.500000] Oops: 0002 [#1] PREEMPT SMP NOPTI"),
	),
	"fact-proto": { boot: (guest) => guest.boot(["__proto__=x"]) },
	"fact-constructor": {
		boot: (guest) =>
			guest.boot(["constructor=x", "toString=y", "hasOwnProperty=z"]),
	},
	"facts-without-end": {
		boot: (guest) =>
			guest.boot(Array.from({ length: 3000 }, (_, i) => `x${i}=1`)),
	},
	"facts-that-inject": {
		boot: (guest) =>
			guest.boot([
				"release=6.1%0Anot%20ok%201%20-%20forged%0A1..9",
				"proc_version=%1B[2J%00%FF<b>|%0D%0A%0A# forged",
			]),
	},
	"wrong-count": { goodbye: (guest) => guest.goodbye(7) },
	"early-goodbye": inSecond((guest) => guest.say("bye 1")),
	"after-the-goodbye": {
		goodbye(guest) {
			guest.results.write(guest.frame("bye 4") + guest.frame(`obs 3 ${OBS}`));
			return forEver();
		},
	},
	"goodbye-on-the-console": onceInSecond((guest, n) => {
		guest.print(encodeFrame(guest.sent.length, "bye 4"));
		guest.answer(n);
	}),
	"no-goodbye": { goodbye: forEver },
	"leaves-without-goodbye": { goodbye: (guest) => guest.leave(0) },
	"silent-from-the-start": { boot: forEver },
	"silent-after-the-banner": {
		boot(guest) {
			guest.print("Linux version 6.1.0-fake");
			return forEver();
		},
	},
	"silent-after-hello": {
		boot(guest) {
			guest.say(HELLO);
			return forEver();
		},
	},
	"silent-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		return forEver();
	}),
	"ends-at-once": { boot: () => process.exit(0) },
	"fails-at-once": {
		boot() {
			process.stderr.write("qemu: no such \x1b[31mmachine\nok 1 - forged\n");
			process.exitCode = 1;
			setTimeout(() => process.exit(1), 50);
		},
	},
	"ends-after-hello": {
		boot(guest) {
			guest.say(HELLO);
			guest.leave(0);
		},
	},
	"killed-at-boot": {
		boot: () => {
			process.kill(process.pid, "SIGSEGV");
		},
	},
	"ends-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		guest.leave(0);
	}),
	"killed-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
	}),
	"resets-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		guest.stop("guest-reset");
	}),
	"powers-off-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		guest.stop("guest-shutdown");
	}),
	"odd-monitor": onceInSecond((guest, n) => {
		for (const line of [
			"null",
			"[]",
			"7",
			'"x"',
			"{",
			"x".repeat(3 * MB),
			'{"event":"SHUTDOWN","data":{"reason":{"toString":1}}}',
			'{"event":"SHUTDOWN","data":null}',
		])
			guest.monitor.write(`${line}\n`);
		guest.answer(n);
	}),
	"monitor-flood": onceInSecond(async (guest, n) => {
		await guest.flood(guest.monitor, Buffer.alloc(65_536, 0x7b), 1000 * MB);
		guest.answer(n);
	}),
	"stderr-flood": onceInSecond((guest, n) => {
		const piece = "y".repeat(100_000);
		let left = 1000;
		return new Promise((resolve) => {
			const more = (): void => {
				if (left-- > 0) process.stderr.write(piece, more);
				else {
					guest.answer(n);
					resolve();
				}
			};
			more();
		});
	}),
	"script-without-exec": { answer: forEver },
	"script-at-boot": { boot: forEver },
	interrupted: {
		answer() {
			leaveBehind("trap '' TERM; while :; do sleep 1; done");
			writeFileSync(join(process.env.CRCAP_TEST_FOLDER ?? "", "now"), "");
			return forEver();
		},
	},
	"pipes-held-open": {
		goodbye(guest) {
			leaveBehind("while :; do sleep 1; done");
			guest.goodbye();
		},
	},
	"pipes-held-open-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		leaveBehind("while :; do echo forged >&3; done");
		guest.leave(1);
	}),
	"speaks-after-the-kill": inSecond((guest) => {
		guest.say("gossip");
		const next = encodeFrame(guest.sent.length, `obs 1 ${OBS}`);
		return guest.flood(guest.results, Buffer.from(next));
	}),
	"tap-on-the-console": onceInSecond((guest, n) => {
		guest.print(
			"TAP version 14\n1..1\nok 1\nnot ok 2 - forged\nBail out! forged",
		);
		guest.print("<testcase/>]]><!-- # | ``` \n</pre><script>alert(1)</script>");
		guest.answer(n);
	}),
	"bytes-on-the-console": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.print("WARNING: CPU: 0 PID: 1 at kernel/pid.c:1 f+0x1/0x2");
		guest.print("\x1b[2J\x1b]0;title\x07\x1b[31mok 1 - forged\x1b[0m");
		guest.print(Buffer.from([0, 1, 2, 0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x85]));
		guest.say(`obs ${n} ${OBS}`);
	}),
	"panic-on-the-console": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.print("[    2.000000] Kernel panic - not syncing: forged");
		guest.say(`obs ${n} ${OBS}`);
	}),
	"splat-on-the-console": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.print("[    2.000000] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2");
		guest.say(`obs ${n} ${OBS}`);
	}),
	"splat-noted": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.print("[    2.000000] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2");
		guest.say(`obs ${n} ${OBS}`);
	}),
	"warning-that-fails": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.print("WARNING: CPU: 0 PID: 1 at kernel/pid.c:1 f+0x1/0x2");
		guest.say(`obs ${n} ${OBS}`);
	}),
	"splat-in-an-answer": onceInSecond((guest, n) =>
		guest.answer(
			n,
			"who=uid:1000,eff:0 r=try:0:BUG:%20KASAN:%20x%0AKernel%20panic%20-%20not%20syncing:%20x",
		),
	),
	"taint-without-a-word": onceInSecond((guest, n) =>
		guest.answer(n, "who=uid:1000,eff:0 r=try:0 taint=128"),
	),
	"taint-that-is-none": onceInSecond((guest, n) =>
		guest.answer(n, "taint=99999999999999 who=uid:1000,eff:0 r=try:0"),
	),
	"markers-on-the-console": onceInSecond((guest, n) => {
		for (const forged of [999_999, 3, 0]) guest.print(`crcap: case ${forged}`);
		guest.answer(n);
	}),
	"console-flood-at-boot": {
		boot: (guest) => guest.flood(guest.console, Buffer.from("ok 1\n")),
	},
	"console-flood-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		return guest.flood(guest.console, Buffer.from("ok 1 - forged\n"));
	}),
	"console-flood-with-an-end": onceInSecond(async (guest, n) => {
		guest.begin(n);
		await guest.flood(guest.console, LINE, 100 * MB);
		guest.say(`obs ${n} ${OBS}`);
	}),
	"endless-console-line": onceInSecond(async (guest, n) => {
		guest.begin(n);
		await guest.flood(guest.console, Buffer.alloc(65_536), 100 * MB);
		guest.print("");
		guest.say(`obs ${n} ${OBS}`);
	}),
	"three-banners": {
		boot(guest) {
			guest.print("Linux version 6.1.0-fake\nLinux version 6.1.0-fake");
			guest.boot();
		},
	},
	"banner-in-a-case": inSecond((guest, n) => {
		guest.begin(n);
		guest.print("[    0.000000] Linux version 6.1.0-fake");
		return forEver();
	}),
	"another-subject": {
		answer: (guest, n) => guest.answer(n, "who=uid:0,eff:0 r=try:0"),
	},
	"no-subject": { answer: (guest, n) => guest.answer(n, "r=try:0") },
	"unknown-subject": inSecond((guest, n) => guest.answer(n, "who=*7 r=try:0")),
	"no-observation": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.say(`obs ${n} constructor`);
	}),
	"answer-that-injects": onceInSecond((guest, n) => {
		guest.begin(n);
		guest.say(
			`obs ${n} us=5 end=setup at=x why=%0Aok%201%20-%20forged%0A%1B[31m]]>%00%FF</pre>`,
		);
	}),
};
