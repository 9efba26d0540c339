import assert from "node:assert/strict";
import { test } from "tap";
import { ConsoleLog } from "./console.js";
import { type Evidence, judgeEnd } from "./ending.js";

test("each end has its kind", async () => {
	const log = (line: string) => {
		const console = new ConsoleLog();
		console.feed(Buffer.from(`${line}\n`));
		return console;
	};
	const exit = { code: 0, signal: null };
	const judge = (extra: Partial<Evidence>) =>
		judgeEnd({ saidBye: false, exit, stderr: "", console: log(""), ...extra })
			.kind;
	const oops = log("BUG: unable to handle page fault");
	const hang = { kind: "hang", reason: "silent" } as const;
	assert.equal(judge({ saidBye: true, console: oops }), "bye");
	assert.equal(
		judge({ console: log("Kernel panic - not syncing: x") }),
		"panic",
	);
	assert.equal(judge({ shutdown: "guest-panic" }), "panic");
	assert.equal(judge({ console: oops, cause: hang }), "oops");
	assert.equal(judge({ cause: hang }), "hang");
	assert.equal(judge({ shutdown: "guest-reset" }), "reboot");
	assert.equal(judge({ shutdown: "guest-shutdown" }), "poweroff");
	assert.equal(judge({}), "qemu-died", "status 0 alone means nothing");
	assert.equal(judge({ exit: { code: 1, signal: null } }), "qemu-died");
	assert.equal(judge({ exit: { code: null, signal: "SIGSEGV" } }), "qemu-died");
	assert.equal(
		judge({ cause: { kind: "killed", reason: "x" }, console: oops }),
		"killed",
	);
});
