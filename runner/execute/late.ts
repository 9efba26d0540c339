/** What is loaded once, when it is first wanted: a boot has time for it. */
import type { LateLoad, Loaded } from "./sink.js";

export class Late<T extends Loaded> implements LateLoad {
	readonly #load: () => Promise<T>;
	#loading: Promise<T> | undefined;

	constructor(load: () => Promise<T>) {
		this.#load = load;
	}

	begin(): void {
		this.loaded().catch(() => {});
	}

	loaded(): Promise<T> {
		this.#loading ??= this.#load();
		return this.#loading;
	}
}
