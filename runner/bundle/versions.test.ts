/** Logs of bundles that another version made, whose plan was another one; and logs that are none of the bundle that they are judged as. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { type Outcome, outcomes } from "../cli/boards/outcome.test.helper.js";
import type { PlannedCase } from "../common/suiteApi.js";
import { version } from "../common/version.js";
import { suiteApi } from "../library/suites.js";
import { matcher, type Selection } from "../request/select.js";
import { agentPath } from "../targets/agents.js";
import { localArch } from "../targets/localTarget.js";
import { archive } from "./archive.js";
import { bundleRequests } from "./requests.js";

/** Of each suite a row, in the plan's order. */
const SELECTION: Selection = {
	suite: [],
	subject: ["uid1000-{none,cap_*}"],
	case: ["{map_files.read_memfd,map_files.stat,exe_fd.same_exe}.*"],
};
const OLD = "0.0.9";
/** Nobody else can be the subjects. */
const skip = process.getuid?.() === 0 ? false : "as no root all are skipped";

const chosen = (() => {
	const [subject, id] = [SELECTION.subject, SELECTION.case].map(matcher);
	return suiteApi
		.plan(null)
		.cases.filter((one) => subject?.(one.subject) && id?.(one.id));
})();

/** The requests of a bundle that version `by` made when its plan had these cases. */
const requestsOf = (
	cases: readonly PlannedCase[],
	by: string,
	selection = SELECTION,
): string =>
	bundleRequests(cases, [], {
		arch: localArch(),
		selection,
		host: false,
		deadlineMs: 10_000,
	}).replace(` version=${version()} `, ` version=${by} `);

/** What the agent logs of them here. */
function logOf(folder: string, requests: string, name = "log"): string {
	writeFileSync(join(folder, "requests"), requests);
	const { status } = spawnSync(
		agentPath(localArch()),
		["--batch", "requests", name],
		{ cwd: folder },
	);
	assert.equal(status, 0);
	return join(folder, name);
}

const isOf = (row: string) => (planned: Pick<PlannedCase, "id">) =>
	planned.id.startsWith(`${row}.`);

/** A row that only the other version has. */
const former = (planned: PlannedCase): PlannedCase => ({
	...planned,
	id: planned.id.replace(/\.[^.]+\./, ".former_row."),
	program: `${planned.program} fork`,
	probeProgram: `${planned.probeProgram} fork`,
});

/** Judges logs, in this order. */
async function judged(folder: string, ...logs: string[]): Promise<Outcome[]> {
	return await outcomes(
		folder,
		logs.map((log) => ["judge", log]),
	);
}

test("a bundle of a version with other cases is judged as far as it asked", {
	skip,
}, async (t) => {
	const folder = t.testdir();
	// It had nothing of the first row, and one of its own in the place of the last.
	const first = isOf("map_files.read_memfd");
	const last = isOf("exe_fd.same_exe");
	const formers = chosen.filter(last).map(former);
	const kept = chosen.filter((one) => !first(one) && !last(one));
	const [one, ...others] = kept;
	assert.ok(one);
	const log = logOf(folder, requestsOf([...kept, ...formers], OLD), "old");
	const text = readFileSync(log, "utf8");
	const cut = join(folder, "cut");
	writeFileSync(cut, text.slice(0, text.indexOf(` ${kept.at(-1)?.id}\n`)));
	// All that is judged is there, and still there was more.
	const more = logOf(folder, requestsOf([...chosen, ...formers], OLD), "more");
	writeFileSync(more, readFileSync(more, "utf8").slice(0, -200));
	const changed = [{ ...former(one), id: one.id }, ...others];
	const [now, then, early, late, other] = await judged(
		folder,
		logOf(folder, requestsOf(chosen, version()), "new"),
		log,
		cut,
		more,
		logOf(folder, requestsOf(changed, OLD), "changed"),
	);
	assert.ok(now && then && early && late && other);

	assert.equal(now.status, 0);
	assert.deepEqual(now.notes, []);
	assert.ok(kept.every(({ id }) => now.cases[id]?.startsWith("pass ")));
	const notAsked = `skip: crcap ${OLD}, which made the bundle, did not ask for it`;
	const wanted = Object.fromEntries(
		chosen.map((planned) => [
			planned.id,
			kept.includes(planned) ? now.cases[planned.id] : notAsked,
		]),
	);
	assert.deepEqual(then.cases, wanted);
	assert.equal(then.status, 0);
	const names = formers.map(({ id }) => id);
	assert.deepEqual(then.notes, [
		`the bundle was made by crcap ${OLD}, and this is ${version()}`,
		`not judged: ${formers.length} of the log's answers are to cases that crcap ${version()} does not ask for (${names.join(", ")})`,
	]);

	assert.equal(early.status, 3);
	assert.match(early.incomplete, /the log was cut short/);
	for (const { id } of [...chosen.filter(first), ...kept.slice(0, -1)])
		assert.equal(early.cases[id], wanted[id]);
	// What was asked for last may be lost, or may never have been asked for.
	for (const { id } of chosen.filter(last))
		assert.match(early.cases[id] ?? "", /^not_run: /);
	assert.equal(late.status, 3);
	assert.match(late.incomplete, /the log was cut short/);
	assert.deepEqual(late.cases, now.cases);

	// What was asked for in another form is no answer to today's question.
	assert.equal(other.status, 3);
	assert.match(other.cases[one.id] ?? "", /^error: .*did not ask .* this form/);
	for (const { id } of others) assert.equal(other.cases[id], wanted[id]);
});

test("a selection of which this version lacks a part, or all", {
	skip,
}, async (t) => {
	const folder = t.testdir();
	const selecting = (name: string, ...globs: string[]): string =>
		logOf(folder, requestsOf(chosen, OLD, { ...SELECTION, case: globs }), name);
	const gone = "map_files.former_row.*";
	const [part, none] = await judged(
		folder,
		selecting("part", "map_files.stat.*", gone),
		selecting("none", gone),
	);
	assert.equal(part?.status, 0);
	assert.deepEqual(
		Object.keys(part.cases),
		chosen.filter(isOf("map_files.stat")).map(({ id }) => id),
	);
	assert.equal(none?.status, 2);
	assert.match(
		none.usage,
		/^crcap: \S+: crcap 0\.0\.9 made the bundle, and crcap \S+ has none of the cases that it was to ask\n$/,
	);
});

test("a log of another bundle, and one that was edited, are refused", async (t) => {
	const folder = t.testdir();
	const packed = async (name: string, requests: string): Promise<string> => {
		const path = join(folder, name);
		const file = { name: "requests", mode: 0o644, data: Buffer.from(requests) };
		writeFileSync(path, await archive("crcap", [file]));
		return path;
	};
	const requests = requestsOf(chosen, version());
	const own = await packed("own.tar.gz", requests);
	const others = requestsOf(chosen.slice(1), version());
	const other = await packed("other.tar.gz", others);
	const log = logOf(folder, requests);
	const text = readFileSync(log, "utf8");
	const edited = join(folder, "edited");
	writeFileSync(edited, text.replace(":EPERM", ":EACCES"));
	const [whole, foreign, noBundle, changed] = await outcomes(folder, [
		["judge", log, "--bundle", own],
		["judge", log, "--bundle", other],
		["judge", log, "--bundle", log],
		["judge", edited],
	]);
	assert.equal(whole?.incomplete, "");
	assert.equal(noBundle?.status, 2);
	assert.match(noBundle.usage, /^crcap: --bundle \S+: it is no archive of /);
	for (const [refused, wanted] of [
		[
			foreign,
			/^it is of another bundle: its own has the id [0-9a-f]{16}, and this one [0-9a-f]{16}$/,
		],
		[changed, /^line \d+ was changed$/],
	] as const) {
		assert.equal(refused?.status, 3);
		assert.match(refused.incomplete, wanted);
		for (const [id, one] of Object.entries(refused.cases))
			assert.match(one, /^not_run: /, id);
	}
});
