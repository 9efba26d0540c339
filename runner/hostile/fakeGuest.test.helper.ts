/** A guest without a machine: it speaks on QEMU's ports as the agent and a kernel would, and misbehaves where it is told to. */
import { Socket } from "node:net";
import { encodeFrame } from "../../vm/channel/frames.js";

/** What a guest does otherwise than an honest one; what is left out is done as it should be. */
export interface Behaviour {
	/** From power-on to `ready`. */
	boot?(guest: FakeGuest): void | Promise<void>;
	/** Instead of the answer to case `n`. */
	answer?(guest: FakeGuest, n: number): void | Promise<void>;
	/** Instead of the goodbye. */
	goodbye?(guest: FakeGuest): void | Promise<void>;
	/** Instead of sending a frame that is asked for again. */
	resend?(guest: FakeGuest, seq: number): void;
}

export class FakeGuest {
	readonly console = new Socket({ fd: 3 });
	readonly results = new Socket({ fd: 4 });
	readonly monitor = new Socket({ fd: 5 });
	/** Frames as they were sent. */
	readonly sent: string[] = [];
	answered = 0;
	readonly #behaviour: Behaviour;
	#text = "";
	#work = Promise.resolve();

	constructor(behaviour: Behaviour) {
		this.#behaviour = behaviour;
		for (const port of [this.console, this.results, this.monitor])
			port.on("error", () => process.exit(0));
		this.monitor.resume();
		this.results.on("data", (bytes: Buffer) => this.#feed(String(bytes)));
		this.#do(() => (behaviour.boot ? behaviour.boot(this) : this.boot()));
	}

	/** As it should be: the kernel's first line, then the agent's. */
	boot(facts: readonly string[] = ["release=6.1.0-fake"]): void {
		this.print("[    0.000000] Linux version 6.1.0-fake (a@b) #1 SMP");
		this.say("hello proto=1 crprobe=0.1.0 arch=x86_64");
		for (const fact of facts) this.say(`fact ${fact}`);
		this.say("ready");
	}

	/** The right answer, with the marker on the console before it. */
	answer(n: number, more = "who=uid:1000,eff:0 r=try:0"): void {
		this.begin(n);
		this.say(`obs ${n} us=5 end=ok ${more}`);
	}

	/** The kernel's log shows the case begun; its answer is counted. */
	begin(n: number): void {
		this.print(`[    1.000000] crcap: case ${n}`);
		this.answered++;
	}

	goodbye(count = this.answered): void {
		this.say(`bye ${count}`);
		this.stop("guest-shutdown");
	}

	/** The machine stops as QEMU tells it, and QEMU ends. */
	stop(reason: string): void {
		this.monitor.write(`{"event":"SHUTDOWN","data":{"reason":"${reason}"}}\n`);
		this.leave(0);
	}

	/** QEMU ends once everything is out. */
	leave(status: number): void {
		let open = 3;
		for (const port of [this.console, this.results, this.monitor])
			port.write("", () => {
				if (--open === 0) process.exit(status);
			});
	}

	/** The next frame. */
	say(payload: string): void {
		this.results.write(this.frame(payload), "latin1");
	}

	/** The next frame, not sent. */
	frame(payload: string): string {
		const wire = encodeFrame(this.sent.length, payload);
		this.sent.push(wire);
		return wire;
	}

	print(line: string | Buffer): void {
		this.console.write(line);
		this.console.write("\n");
	}

	/** Writes a piece again and again, as quickly as it is read; for ever without a number. */
	async flood(
		port: Socket,
		piece: Buffer,
		bytes = Number.POSITIVE_INFINITY,
	): Promise<void> {
		for (let done = 0; done < bytes; done += piece.length)
			if (!port.write(piece))
				await new Promise((resolve) => port.once("drain", resolve));
	}

	#do(work: () => void | Promise<void>): void {
		this.#work = this.#work.then(work);
	}

	#feed(text: string): void {
		const lines = (this.#text + text).split("\n");
		this.#text = lines.pop() ?? "";
		for (const line of lines) this.#line(line.split(" "));
	}

	#line([num = "", , verb, arg]: string[]): void {
		const { answer, goodbye, resend } = this.#behaviour;
		if (num === "r") {
			const seq = Number(arg);
			if (resend) resend(this, seq);
			else this.results.write(this.sent[seq] ?? "", "latin1");
		} else if (!this.#isNew(Number(num))) return;
		else if (verb === "case") {
			const n = Number(arg);
			this.#do(() => (answer ? answer(this, n) : this.answer(n)));
		} else if (verb === "quit") {
			this.#do(() => (goodbye ? goodbye(this) : this.goodbye()));
		}
	}

	#next = 0;
	/** A line that was obeyed already is sent again where an answer is late. */
	#isNew(num: number): boolean {
		if (num !== this.#next) return false;
		this.#next++;
		return true;
	}
}
