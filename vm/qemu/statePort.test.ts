import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { StatePort } from "./statePort.js";

test("a state comes through a socket without a name", async () => {
	const before = readdirSync(tmpdir());
	const port = new StatePort();
	const left = readdirSync(tmpdir()).filter((name) => !before.includes(name));
	assert.deepEqual(
		left.filter((name) => name.startsWith("crcap-")),
		[],
	);
	const received = port.receive();
	// The descriptor says where; the folder and the socket are gone.
	connect(`/proc/${process.pid}/fd/${port.fd}`).end("the state");
	assert.equal((await received).toString(), "the state");
	port.close();
	port.close();
});

test("a temporary directory whose path is longer than a socket's may be", async (t) => {
	const name = "long".repeat(40);
	const dir = t.testdir({ [name]: {} });
	const { TMPDIR } = process.env;
	process.env.TMPDIR = join(dir, name);
	try {
		const port = new StatePort();
		const received = port.receive();
		connect(`/proc/${process.pid}/fd/${port.fd}`).end("the state");
		assert.equal((await received).toString(), "the state");
		port.close();
		assert.deepEqual(readdirSync(dir), [name]);
		assert.deepEqual(readdirSync(join(dir, name)), []);
	} finally {
		if (TMPDIR === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = TMPDIR;
	}
});

test("no socket where none can be made", async () => {
	const { TMPDIR } = process.env;
	process.env.TMPDIR = "/proc";
	try {
		assert.throws(() => new StatePort(), { kind: "storage" });
	} finally {
		if (TMPDIR === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = TMPDIR;
	}
});
