import assert from "node:assert/strict";
import { test } from "tap";
import { RunningClock } from "./runningClock.js";

test("time counts as it passes, and late looks lose none of it where the process was at work", async () => {
	let now = 0;
	let worked = 0;
	const clock = new RunningClock(
		() => now,
		() => worked,
	);
	const look = (gap: number, work: number) => {
		now += gap;
		worked += work;
		return clock.passed();
	};
	assert.equal(look(100, 1), 100);
	assert.equal(look(900, 0), 900);
	assert.equal(look(60_000, 55_000), 60_000, "busy with a flood");
	assert.equal(look(60_000, 5), 5, "stopped");
	assert.equal(look(100, 1), 100);
});
