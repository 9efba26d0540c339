/** Which targets are compared, and how they differ themselves. */
import type { TargetResult } from "../model/model.js";

/** Targets of the same name, best on the same machine; of the rest those of the same kernel; and if then one is left on either side, these two. */
export function pairUp(
	old: readonly TargetResult[],
	newer: readonly TargetResult[],
) {
	const pairs: [TargetResult, TargetResult][] = [];
	let left = [...old];
	let right = [...newer];
	const take = (same: (a: TargetResult, b: TargetResult) => boolean): void => {
		for (const a of [...left]) {
			const b = right.find((one) => same(a, one));
			if (b === undefined) continue;
			pairs.push([a, b]);
			left = left.filter((one) => one !== a);
			right = right.filter((one) => one !== b);
		}
	};
	take(
		(a, b) =>
			a.name === b.name &&
			a.kernel.arch === b.kernel.arch &&
			a.accel === b.accel,
	);
	take((a, b) => a.name === b.name);
	take(
		(a, b) =>
			a.kernel.arch === b.kernel.arch && a.kernel.release === b.kernel.release,
	);
	if (left.length === 1 && right.length === 1) take(() => true);
	return { pairs, onlyOld: left, onlyNew: right };
}

/** Facts and the like that differ, so that a reader sees what may be behind a change. */
export function differences(
	before: TargetResult,
	after: TargetResult,
): string[] {
	const rows = (target: TargetResult): Record<string, string> => ({
		kernel: target.kernel.release,
		arch: target.kernel.arch,
		image: target.kernel.sha256.slice(0, 12),
		accel: target.accel,
		kind: target.kind,
		...prefixed("tool", target.tools),
		...prefixed("fact", target.facts),
		// That they were resumed may be behind a change; from when the state was is not.
		...(target.facts.resumed === undefined ? {} : { "fact resumed": "yes" }),
	});
	const [a, b] = [rows(before), rows(after)];
	return [...new Set([...Object.keys(a), ...Object.keys(b)])]
		.filter((name) => a[name] !== b[name])
		.map((name) => `${name}: ${a[name] ?? "-"} -> ${b[name] ?? "-"}`);
}

function prefixed(
	prefix: string,
	values: Record<string, unknown>,
): Record<string, string> {
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => [
			`${prefix} ${name}`,
			String(value),
		]),
	);
}
