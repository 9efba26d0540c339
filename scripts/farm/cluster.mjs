/** A Slurm cluster of two nodes on this machine's loopback, gone when it is stopped: munged, slurmctld and two slurmds, as root. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Seconds: far more than anything here takes on a busy machine. */
const PATIENCE = 300;

/**
 * Waits until `look` finds something.
 * @template T
 * @param {string} what for the error
 * @param {() => T | undefined | false} look
 * @returns {Promise<T>}
 */
export async function until(what, look) {
	const end = Date.now() + PATIENCE * 1000;
	for (;;) {
		const found = look();
		if (found !== undefined && found !== false) return found;
		if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
		await sleep(250);
	}
}

/** @returns {Promise<number>} a port that nobody listens on */
async function freePort() {
	const server = createServer();
	await new Promise((resolve) =>
		server.listen(0, "127.0.0.1", () => resolve(undefined)),
	);
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === "string")
		throw new Error("no port");
	return address.port;
}

/**
 * @param {string} folder
 * @param {readonly number[]} ports of the controller and of each node
 */
const configuration = (folder, [controller, ...nodes]) => `ClusterName=crcap
SlurmctldHost=localhost
SlurmctldPort=${controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdTimeout=10
KillWait=2
JobRequeue=1
ReturnToService=2
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
${nodes.map((port, i) => `NodeName=n${i + 1} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${port} CPUs=1 RealMemory=500 State=UNKNOWN`).join("\n")}
PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP
`;

export class Cluster {
	/** @param {string} folder */
	constructor(folder) {
		this.folder = folder;
		this.env = { ...process.env, SLURM_CONF: join(folder, "slurm.conf") };
	}

	/** @returns {Promise<Cluster>} up, both nodes idle */
	static async start() {
		const cluster = new Cluster(mkdtempSync("/tmp/crcap-slurm-"));
		try {
			await cluster.#start();
			return cluster;
		} catch (error) {
			await cluster.stop();
			throw error;
		}
	}

	async #start() {
		const { folder } = this;
		const ports = [await freePort(), await freePort(), await freePort()];
		writeFileSync(this.env.SLURM_CONF, configuration(folder, ports));
		mkdirSync(join(folder, "state"));
		mkdirSync(join(folder, "munge"), { mode: 0o700 });
		const own = (/** @type {string} */ name) => join(folder, "munge", name);
		writeFileSync(own("key"), randomBytes(1024), { mode: 0o400 });
		this.#run("munged", [
			...["--force", `--key-file=${own("key")}`, `--seed-file=${own("seed")}`],
			`--socket=${folder}/munge.socket`,
			...[`--pid-file=${own("pid")}`, `--log-file=${own("log")}`],
		]);
		this.#daemon("slurmctld", ["-D"]);
		for (const node of ["n1", "n2"]) this.startNode(node);
		await until("two idle nodes", () =>
			/^idle\nidle$/.test(this.#ask("sinfo", "-h", "-N", "-o", "%T")),
		);
	}

	/** @param {string} node */
	startNode(node) {
		this.#daemon("slurmd", ["-D", "-N", node]);
	}

	/**
	 * What a node's power cut does: all that runs there is gone, and says nothing.
	 * @param {string} node
	 */
	loseNode(node) {
		for (const { pid, args, env } of this.#processes())
			if (
				env.includes(`SLURMD_NODENAME=${node}\0`) ||
				args.includes(`slurmd\0-D\0-N\0${node}\0`) ||
				(args.startsWith("slurmstepd") && this.#isOn(node, args))
			)
				killHard(pid);
	}

	/**
	 * @param {string} node
	 * @param {string} title of a step's daemon: `slurmstepd: [7.batch]`
	 */
	#isOn(node, title) {
		const job = /\[(\d+)\./.exec(title)?.[1];
		return job !== undefined && this.job(job).BatchHost === node;
	}

	/**
	 * @param {string} id
	 * @returns {Record<string, string>} what Slurm knows of a job
	 */
	job(id) {
		const words = this.#ask("scontrol", "show", "job", "-o", id).split(/\s+/);
		return Object.fromEntries(
			words.map((word) => {
				const cut = word.indexOf("=");
				return [word.slice(0, cut), word.slice(cut + 1)];
			}),
		);
	}

	/**
	 * @param {string} id
	 * @returns {Promise<Record<string, string>>} the job once it is over
	 */
	async ended(id) {
		return await until(`the end of job ${id}`, () => {
			const job = this.job(id);
			return /^(COMPLETED|FAILED|CANCELLED|NODE_FAIL|TIMEOUT)/.test(
				job.JobState ?? "",
			)
				? job
				: undefined;
		});
	}

	/**
	 * A command of Slurm's, or a script that calls some.
	 * @param {string} command
	 * @param {readonly string[]} args
	 * @param {Record<string, string>} [env]
	 * @returns {string} its standard output
	 */
	run(command, args, env = {}) {
		return this.#run(command, args, env).stdout.trim();
	}

	/** Ends everything that the cluster started. */
	async stop() {
		for (let round = 0; round < 20; round++) {
			const left = this.#processes();
			if (left.length === 0) break;
			for (const { pid } of left) killHard(pid);
			await sleep(100);
		}
		rmSync(this.folder, { recursive: true, force: true });
	}

	/**
	 * @param {string} command
	 * @param {readonly string[]} args
	 */
	#daemon(command, args) {
		spawn(command, args, {
			env: this.env,
			stdio: "ignore",
			detached: true,
		}).unref();
	}

	/**
	 * @param {string} command
	 * @param {readonly string[]} args
	 * @param {Record<string, string>} [env]
	 */
	#run(command, args, env = {}) {
		const done = spawnSync(command, args, {
			env: { ...this.env, ...env },
			encoding: "utf8",
		});
		if (done.status === 0) return done;
		throw new Error(
			`${[command, ...args].join(" ")}: ${done.error?.message ?? done.stderr}`,
		);
	}

	/**
	 * The same where no answer is an answer: a controller that is not up yet.
	 * @param {string} command
	 * @param {readonly string[]} args
	 */
	#ask(command, ...args) {
		const done = spawnSync(command, args, { env: this.env, encoding: "utf8" });
		return done.stdout?.trim() ?? "";
	}

	/** Every process of this cluster: they carry its configuration's name. */
	#processes() {
		const mark = `SLURM_CONF=${this.env.SLURM_CONF}\0`;
		return readdirSync("/proc").flatMap((name) => {
			if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
			try {
				const env = readFileSync(`/proc/${name}/environ`, "latin1");
				const args = readFileSync(`/proc/${name}/cmdline`, "latin1");
				return env.includes(mark) ? [{ pid: Number(name), args, env }] : [];
			} catch {
				return [];
			}
		});
	}
}

/** @param {number} pid */
function killHard(pid) {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It was quicker.
	}
}
