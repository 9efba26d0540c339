import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import type { CaseResult } from "../results/model/model.js";
import { answerIn, criuTable, withCriuTable } from "./criuTable.js";
import { SAMPLES } from "./samples.js";
import type { Fault } from "./table.js";

const ours = (path: string): string =>
	readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const FAULTS: Fault[] = JSON.parse(ours("faults/faults.json"));
const FAULT = FAULTS.find(
	({ name }) => name === "map_files-cap_not_honoured",
) as Fault;

const observed = (outcome: string, check = "Looks good."): string =>
	`criu_check ok (${check}), criu ok (${outcome}), criu_log ok (criu/a.c:1: Can't open [b (deleted)]: No), controlled ok (resumed)`;

function ran(
	id: string,
	verdict: CaseResult["verdict"],
	text: string,
	boundary?: string,
): CaseResult {
	const subject = id.split(".").at(-1);
	return { id, subject, verdict, observed: text, boundary } as CaseResult;
}

const ALONE = "criu_ambient-cap_checkpoint_restore";

test("an observation tells what criu check said, and how CRIU came out", async () => {
	assert.deepEqual(answerIn({ observed: observed("dump failed") }), {
		check: "Looks good.",
		outcome: "dump failed",
	});
	assert.deepEqual(
		answerIn({ observed: observed("resumed", "a.c:1: No (TCP), it (says)") }),
		{ check: "a.c:1: No (TCP), it (says)", outcome: "resumed" },
	);
	const two = (first: string, second: string) =>
		answerIn({
			observed: `criu ok (${first}), criu_log ok, criu_check ok (no), criu ok (${second}), criu_log ok (a), controlled ok (resumed)`,
		})?.outcome;
	assert.equal(two("dump failed", "restore failed"), "restore failed");
	assert.equal(two("dump failed", "resumed"), "dump failed");
	assert.equal(two("resumed", "resumed"), "resumed");
	for (const text of [
		"",
		"nothing (setup)",
		"criu_check EPERM, criu not tried",
	])
		assert.equal(answerIn({ observed: text }), undefined, text);
});

test("a row says what criu check says, the truth, and the boundary that was named", async () => {
	const good = [
		ran(`criu.plain.${ALONE}`, "pass", observed("resumed")),
		ran("criu.plain.criu_ambient-none", "pass", observed("refused", "needs")),
		ran("criu.plain.criu_yama-x", "skip", ""),
	];
	const bad = [
		ran(`criu.deleted.${ALONE}`, "fail", observed("dump failed"), "map_files"),
		ran(
			"criu.deleted.criu_file-x",
			"fail",
			observed("dump failed"),
			"map_files",
		),
		ran("criu.tree.criu_no_clone3-x", "fail", observed("restore failed")),
	];
	const lines = criuTable(
		[
			{ fault: null, cases: good },
			{ fault: FAULT, cases: [...good, ...bad] },
		],
		"6.1",
		"6.1.192-3",
	).split("\n");
	assert.match(lines[0] ?? "", /^On Linux 6\.1 .*6\.1\.192-3/);
	assert.equal(
		lines[4],
		"| none | the kernel as it is | Looks good. | all 2 cases as they should be |  |",
	);
	assert.equal(
		lines[5],
		`| \`map_files-cap_not_honoured\` | ${FAULT.description} | Looks good. | dump failed: \`deleted\`, \`deleted\` (\`criu_file-x\`); restore failed: \`tree\` (\`criu_no_clone3-x\`) | \`map_files\` |`,
	);
});

test("the table takes the old one's place, and no other", async () => {
	const page = ours("docs/criu.md");
	const once = withCriuTable(page, "a table");
	assert.match(once, /-->\n\na table\n\n<!-- to here -->/);
	assert.equal(withCriuTable(once, "a table"), once);
	assert.equal(once.split("<!--")[0], page.split("<!--")[0]);
	assert.equal(once.split("-->").at(-1), page.split("-->").at(-1));
	assert.throws(() => withCriuTable("# another page", "a"), /no place/);
});

test("the page's table has every fault that CRIU must fail by, with its boundary", async () => {
	const page = ours("docs/criu.md");
	for (const name of SAMPLES.criu) {
		const row = page
			.split("\n")
			.find((line) => line.startsWith(`| \`${name}\` |`));
		const { part } = FAULTS.find((fault) => fault.name === name) as Fault;
		const cells = row?.split(" | ") ?? [];
		assert.equal(cells[2], "Looks good.", name);
		assert.match(
			cells[3] ?? "",
			/failed: |restored with another|must be refused: /,
			name,
		);
		assert.equal(cells[4], `\`${part}\` |`, name);
	}
});

test("CRIU must fail by a fault of each boundary that it meets", async () => {
	const met = new Set(SAMPLES.criu.map((name) => name.split("-")[0]));
	for (const boundary of ["ns_last_pid", "set_tid", "map_files", "exe_fd"])
		assert.ok(met.has(boundary), boundary);
});
