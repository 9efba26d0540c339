/** The helper's own side of the channel, on a line that breaks bytes in both directions. */
import assert from "node:assert/strict";
import { test } from "tap";
import { MACHINES } from "../../vm/base/machines.js";
import { Channel } from "../../vm/channel/channel.js";
import {
	bootGuest,
	RequestCatalogue,
	resolveKernel,
	writeRequestCatalogue,
} from "../../vm/index.js";
import { agentPath } from "./agents.js";

/** Every so many-th piece of what travels loses a byte or gets one changed. */
function breakLines(every: number): () => void {
	const { feed, drain } = Channel.prototype;
	let pieces = 0;
	Channel.prototype.feed = function (bytes) {
		const copy = Buffer.from(bytes);
		if (++pieces % every === 0) copy[copy.length >> 1] = 0x21;
		return feed.call(this, copy);
	};
	Channel.prototype.drain = function () {
		const out = drain.call(this);
		if (out === "" || ++pieces % every !== 0) return out;
		return out.slice(0, 5) + out.slice(6);
	};
	return () => Object.assign(Channel.prototype, { feed, drain });
}

test("no answer is lost or wrong on a line that breaks bytes", async () => {
	const image = await resolveKernel("debian:bookworm");
	const subjects = ["--", "uid=1000 --", "caps=none --"];
	const programs = ["version", "uptime", "self/stat", "nothing", "none"].map(
		(name) => `open=f,r,/proc/${name}`,
	);
	const cases = Array.from(
		{ length: 300 },
		(_, n) => `case ${n} 10000 ${n % 3} =${n % 5}`,
	);
	// The last program's cases are asked for over the line.
	const catalogue = new RequestCatalogue(
		writeRequestCatalogue(
			subjects.flatMap((subject) =>
				programs.slice(0, 4).map((program) => ({ subject, program })),
			),
		),
	);
	const names = [`program 4 ${programs[4]}`];
	const guest = await bootGuest({
		kernel: image.bootPath,
		machine: MACHINES.x86_64,
		agent: agentPath("x86_64"),
		accel: "tcg",
		catalogue,
	});
	const mend = breakLines(9);
	try {
		const answers: string[] = [];
		await guest.exchange([...names, ...cases], (payload) =>
			answers.push(payload),
		);
		for (const [n, answer] of answers.entries()) {
			const result = n % 5 > 2 ? "ENOENT" : "0";
			assert.match(
				answer,
				new RegExp(
					`^obs ${n} us=\\d+ end=ok who=uid:\\d\\S* r=open:${result}$`,
				),
			);
			assert.equal(/who=uid:1000,/.test(answer), n % 3 === 1, answer);
		}
		assert.equal(answers.length, cases.length);
		assert.ok(guest.channelStats.broken > 5, "nothing was broken");
		assert.ok(guest.channelStats.resent > 0, "no line was broken");
	} finally {
		mend();
		guest.kill();
		await guest.end;
	}
});
