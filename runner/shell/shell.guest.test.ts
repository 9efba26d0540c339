/** `crcap run --gdb`: the stub answers before the guest's first instruction, and nothing stays behind. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { test } from "tap";
import { descendants, startCli } from "../cli/spawnCli.test.helper.js";

test("--gdb prints the line, and the stub answers", async () => {
	const child = startCli(["run", "--gdb", "--accel", "tcg"]);
	let said = "";
	for await (const chunk of child.stderr ?? []) {
		said += String(chunk);
		if (/boots it/.test(said)) break;
	}
	const [, socket = ""] = /gdb -ex 'target remote (\S+)'/.exec(said) ?? [];
	assert.ok(existsSync(socket), said);
	const stub = connect(socket);
	stub.write("$qSupported#37");
	const [answer] = await once(stub, "data");
	assert.match(String(answer), /^\+?\$?/);
	let heard = String(answer);
	while (!/PacketSize=/.test(heard))
		heard += String((await once(stub, "data"))[0]);
	// The first instruction, with nothing on the console yet.
	stub.write("+$?#3f");
	const [stopped] = await once(stub, "data");
	assert.match(String(stopped), /\$[ST]05/);
	stub.destroy();
	const below = await descendants(child.pid ?? 0);
	assert.ok(below.some(({ args }) => args.includes(socket)));
	child.kill("SIGTERM");
	const { exitCode, stdout } = await child;
	assert.equal(exitCode, 130);
	assert.equal(stdout, "");
	assert.equal(existsSync(dirname(socket)), false);
});
