import assert from "node:assert/strict";
import { test } from "tap";
import { cli } from "./spawnCli.test.helper.js";

test("explain: what, as whom, what is expected from which version on, and by hand", async () => {
	const id = "set_tid.free_tid.uid1000-cap_checkpoint_restore";
	const { status, stdout } = await cli(["explain", id]);
	assert.equal(status, 0);
	assert.match(stdout, new RegExp(`^${id}\n`));
	for (const line of [
		/^ {2}tries +\S/m,
		/^ {2}as +user 1000/m,
		/^ {2}expected +5\.5 to 5\.8: clone3 EPERM/m,
		/^ {2}expected +5\.9 on: clone3 ok/m,
		/^ {2}since +5\.9$/m,
		/^ {2}catches +\S/m,
		/^ {2}by hand +crprobe '.*clone3/m,
	]) {
		assert.match(stdout, line);
	}
	const unknown = await cli(["explain", `${id}s`]);
	assert.equal(unknown.status, 2);
	assert.match(unknown.stderr, new RegExp(`Did you mean ${id}\\?`));
});

test("explain for the kernel with given facts", async () => {
	const id = "set_tid.free_tid.uid1000-cap_checkpoint_restore";
	const args = ["explain", id, "--kernel-facts", "-"];
	const old = await cli(args, {
		input: "fact release=5.8.1\nfact cap_last_cap=39\n",
	});
	assert.match(old.stdout, /clone3 EPERM \(on Linux 5\.8\.1\)/);
	const none = await cli(args, { input: "no facts\n" });
	assert.equal(none.status, 2);
	assert.match(none.stderr, /crprobe --facts/);
	const odd = await cli(args, { input: "fact release=mine\n" });
	assert.equal(odd.status, 2);
	assert.match(odd.stderr, /mine/);
});
