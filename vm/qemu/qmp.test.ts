import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "tap";
import { Qmp } from "./qmp.js";

const MS = 60_000;

/** A monitor that answers as it is told, by command. */
function monitor(answers: Record<string, object>) {
	const said: Record<string, unknown>[] = [];
	const stream = new Duplex({
		read() {},
		write(chunk: Buffer, _, done) {
			const asked = JSON.parse(chunk.toString()) as Record<string, unknown>;
			said.push(asked);
			const answer = answers[String(asked.execute)];
			if (answer) this.push(`${JSON.stringify({ ...answer, id: asked.id })}\n`);
			done();
		},
	});
	return { stream, said, qmp: new Qmp(stream) };
}

test("a command is answered, refused, or never answered", async () => {
	const { qmp, said } = monitor({
		migrate: { return: {} },
		quit: { error: { class: "GenericError", desc: "not\u0007 now" } },
		stop: { error: 7 },
	});
	assert.deepEqual(await qmp.command("migrate", { uri: "unix:/x" }, MS), {});
	assert.deepEqual(said.at(-1)?.arguments, { uri: "unix:/x" });
	await assert.rejects(qmp.command("quit", {}, MS), /refused quit: not {2}now/);
	await assert.rejects(qmp.command("stop", {}, MS), /no reason was given/);
	await assert.rejects(qmp.command("cont", {}, 1), /did not answer cont/);
});

test("an event is waited for, and not for ever", async () => {
	const { qmp, stream } = monitor({});
	const events = [qmp.event("RESUME", MS), qmp.event("STOP", 1)];
	stream.push('{"event": "OTHER"}\n{"event": "RESUME"}\n');
	assert.deepEqual(await Promise.all(events), [true, false]);
	const gone = [qmp.event("RESUME", MS), qmp.command("cont", {}, MS)];
	stream.destroy();
	assert.equal(await gone[0], false);
	await assert.rejects(gone[1] as Promise<unknown>, /did not answer/);
	await assert.rejects(qmp.command("cont", {}, MS), /did not answer/);
});
