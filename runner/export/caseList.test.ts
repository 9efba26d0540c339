import assert from "node:assert/strict";
import { test } from "tap";
import { suiteApi } from "../library/suites.js";
import { caseList } from "./caseList.js";

const RELEASES = ["5.9", "6.14", "7.3"];
const list = (...ids: string[]) => caseList(suiteApi, new Set(ids), RELEASES);

test("a case goes with what it needs, what it must give, and its program", async () => {
	const { text, count, left } = list("set_tid.free_tid.userns_pidns-none");
	const [head, line = ""] = text.split("\n");
	assert.equal(head, "crcap-ktap 1 1");
	assert.deepEqual([count, left], [1, 0]);
	const [id, needs = "", ms, results, program] = line.split("\t");
	assert.equal(id, "set_tid.free_tid.userns_pidns-none");
	for (const need of ["user_ns", "pid_ns", "max_user_namespaces!0"])
		assert.ok(needs.split(",").includes(need), need);
	assert.ok(Number(ms) >= 10_000);
	assert.equal(results, "clone3:EPERM");
	assert.match(program ?? "", /^uid=1000 .* --=uid:0,.* clone3=tid:\d+/);
});

test("what hangs on the version, on a guest, or touches the machine stays behind", async () => {
	const { count, left, text } = list(
		"set_tid.free_tid.uid1000-cap_checkpoint_restore",
		"tty_lock.serial_port.uid0-none",
		"no.such.case",
	);
	assert.deepEqual([count, left, text], [0, 3, "crcap-ktap 1 0\n"]);
});

test("evidence is escaped as the helper tells it", async () => {
	const { cases } = suiteApi.plan(null);
	const spaced = cases.find(
		({ results, touchesHost, suite }) =>
			suite === "map_files" &&
			!touchesHost &&
			results.some((one) => / /.test(one)),
	);
	assert.ok(spaced);
	const { text } = list(spaced.id);
	assert.match(text, /:0:[!-~]*%20[!-~]*(?: |\t)/);
	for (const line of text.trimEnd().split("\n").slice(1))
		assert.equal(line.split("\t").length, 5);
});
