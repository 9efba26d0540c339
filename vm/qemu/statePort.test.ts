import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
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
