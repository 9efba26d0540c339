/** Targets run side by side, but a report holds them one after the other, in the order in which they were asked for. */
import type { TargetSink } from "../execute/sink.js";

type Event = (sink: TargetSink) => void;

/**
 * One sink for each target, all leading to `sink`. The first unfinished target's results pass at once,
 * the others' wait for their turn.
 */
export function inOrder(count: number, sink: TargetSink): TargetSink[] {
	const waiting: Event[][] = Array.from({ length: count }, () => []);
	const done: boolean[] = Array.from({ length: count }, () => false);
	let turn = 0;

	const tell = (index: number, event: Event): void => {
		if (index === turn) event(sink);
		else waiting[index]?.push(event);
	};
	const finish = (index: number): void => {
		done[index] = true;
		while (done[turn]) {
			turn++;
			for (const event of waiting[turn]?.splice(0) ?? []) event(sink);
		}
	};
	return Array.from({ length: count }, (_, index) => ({
		beginTarget: (head) => tell(index, (to) => to.beginTarget(head)),
		caseResult: (result) => tell(index, (to) => to.caseResult(result)),
		endTarget: (tail) => {
			tell(index, (to) => to.endTarget(tail));
			finish(index);
		},
	}));
}
