import assert from "node:assert/strict";
import { test } from "tap";
import { BOUNDARY_NAMES, type Diagnosis } from "../runner/doctor/diagnosis.js";
import { answerIn, askInGuest, BLOCKED, wrongWith } from "./askDoctor.js";

const { signal } = new AbortController();

const CAPS = "000001ffffffffff";

/** What the doctor says where these boundaries are blocked by these causes. */
const diagnosis = (
	blocked: Readonly<Record<string, Diagnosis["boundaries"][0]["causes"]>>,
): Diagnosis => ({
	...{ version: 1, usable: Object.keys(blocked).length === 0 },
	setting: {
		...{ release: "6.1.1", machine: "x86_64", uid: 0, engine: "none" },
		capabilities: {
			...{ effective: CAPS, permitted: CAPS, inheritable: CAPS },
			...{ bounding: CAPS, ambient: CAPS },
		},
		...{ noNewPrivs: false, seccomp: 0, initialUserNamespace: true },
		...{ pidNamespaceOwner: "own", ipcNamespaceOwner: "own" },
		...{ label: "", yamaPtraceScope: null },
	},
	criu: { starts: true, text: "" },
	boundaries: BOUNDARY_NAMES.map((name) => ({
		...{ name, what: "", usable: !(name in blocked), observed: "" },
		...{ causes: blocked[name] ?? [], remedy: "", criu: "" },
	})),
});

const cause = (id: Diagnosis["boundaries"][0]["causes"][0]["id"]) => [
	{ id, text: "" },
];

test("an answer names the configuration where it must, and nothing elsewhere", async () => {
	const blocked = BLOCKED["no-pid-ns"] ?? [];
	assert.deepEqual(blocked, ["ns_last_pid"]);
	const right = diagnosis({ ns_last_pid: cause("kernel-config") });
	assert.deepEqual(wrongWith(right, blocked), []);
	assert.deepEqual(wrongWith(diagnosis({}), blocked), [
		"ns_last_pid: usable instead of kernel-config",
	]);
	const other = { ns_last_pid: cause("masked"), ptrace: cause("yama") };
	assert.deepEqual(wrongWith(diagnosis(other), blocked), [
		"ns_last_pid: masked instead of kernel-config",
		"ptrace: yama instead of usable",
	]);
	for (const name of Object.values(BLOCKED).flat())
		assert.ok((BOUNDARY_NAMES as readonly string[]).includes(name), name);
});

test("an answer is a whole line of a console", async () => {
	const said = diagnosis({});
	const line = `# crprobe --doctor --json\r\n${JSON.stringify(said)}`;
	assert.equal(answerIn(line), undefined);
	assert.deepEqual(answerIn(`${line}\r\n# `), said);
});

test("a guest is asked, and one that says nothing has not answered", async () => {
	const answer = JSON.stringify(diagnosis({}));
	const shell = (script: string) =>
		askInGuest(["sh", "-c", script, "sh", answer], signal);
	assert.deepEqual(
		await shell('read -r line; printf "%s\\r\\n" "$1"; cat'),
		JSON.parse(answer),
	);
	await assert.rejects(shell("echo panic"), /no answer: panic/);
	await assert.rejects(askInGuest(["/no/such"], signal), /ENOENT/);
	await assert.rejects(askInGuest(["sleep", "9"], AbortSignal.abort()));
});
