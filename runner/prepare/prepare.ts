/** Makes targets of what was asked for, of every kind. Nothing is begun here, but a kernel may have to be fetched. */
import { bundleId, loadBundleLog } from "../bundle/bundleLog.js";
import { bundleTarget } from "../bundle/bundleTarget.js";
import type { RunRequest, TargetSpec } from "../request/runRequest.js";
import { readDestination } from "../ssh/sshDestination.js";
import { sshTarget } from "../ssh/sshTarget.js";
import { agentPath } from "../targets/agents.js";
import { type PrepareContext, prepareKernels } from "../targets/prepare.js";
import type { Target } from "../targets/target.js";

/**
 * The targets of one request, not yet opened: several where a directory or a package holds several kernels.
 * @throws UsageError when there can be none
 */
export async function prepare(
	spec: TargetSpec,
	request: RunRequest,
	context: PrepareContext,
): Promise<Target[]> {
	switch (spec.kind) {
		case "ssh":
			return [prepareSsh(spec, context)];
		case "bundle":
			return [await prepareBundle(spec)];
		default:
			return await prepareKernels(spec, request, context);
	}
}

function prepareSsh(
	{ name, destination, host }: Extract<TargetSpec, { kind: "ssh" }>,
	{ agents, say }: PrepareContext,
): Target {
	return sshTarget({
		name,
		destination: readDestination(destination),
		agentPath: (arch) => agentPath(arch, agents),
		mayTouchHost: host,
		say: (line) => say(`${name}: ${line}`),
	});
}

async function prepareBundle({
	name,
	log,
	bundle,
}: Extract<TargetSpec, { kind: "bundle" }>): Promise<Target> {
	return bundleTarget({
		name,
		load: () => loadBundleLog(log),
		...(bundle === undefined ? {} : { bundle: await bundleId(bundle) }),
	});
}
