/** Makes targets of what was asked for. */
import { join, resolve } from "node:path";
import { loadAddon } from "./addon.js";
import { agentPath } from "./agents.js";
import { findKernel } from "./kernels.js";
import { localArch, localTarget } from "./localTarget.js";
import { type AccelChoice, qemuTarget } from "./qemuTarget.js";
import type { Watcher } from "./run.js";
import type { RunRequest, TargetSpec } from "./runRequest.js";
import type { Target } from "./target.js";
import { UsageError } from "./usage.js";

/**
 * A target, not yet opened.
 * @throws UsageError when it can't be one
 */
export async function prepare(
	spec: TargetSpec,
	request: RunRequest,
	watcher: Watcher,
): Promise<Target> {
	return spec.kind === "local"
		? prepareLocal(spec)
		: await prepareGuest(spec, request, watcher);
}

function prepareLocal(spec: Extract<TargetSpec, { kind: "local" }>): Target {
	try {
		loadAddon();
	} catch (error) {
		throw new UsageError(`--local: ${(error as Error).message}`);
	}
	return localTarget({
		name: spec.name,
		load: () => loadAddon(),
		crprobe: agentPath(localArch()),
		mayTouchHost: spec.host,
	});
}

async function prepareGuest(
	spec: Extract<TargetSpec, { kind: "qemu" }>,
	request: RunRequest,
	watcher: Watcher,
): Promise<Target> {
	const kernel = await findKernel(spec.kernel ?? "");
	return qemuTarget({
		name: spec.name,
		kernel,
		agent: agentPath(kernel.machine.arch),
		append: spec.append,
		chooseAccel: async () => chooseAccel(request),
		...(request.keep === undefined
			? {}
			: { keepDir: keepDir(request, spec.name) }),
		say: (line) => watcher.say(`${spec.name}: ${line}`),
	});
}

function chooseAccel(request: RunRequest): AccelChoice {
	if (request.accel === "kvm") {
		return { accel: "kvm", reason: "asked for with --accel kvm" };
	}
	return { accel: "tcg", reason: "asked for with --accel tcg" };
}

/** With several targets each has a folder of its own in it. */
function keepDir(request: RunRequest, name: string): string {
	const dir = resolve(request.keep ?? "");
	return request.targets.length === 1
		? dir
		: join(dir, name.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^\.+/, "_"));
}
