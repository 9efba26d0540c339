import assert from "node:assert/strict";
import { test } from "tap";
import { unobserved } from "./caseResults.js";
import {
	FOUR,
	fakeTarget,
	passAll,
	plannedCase,
	runCases,
	type Script,
} from "./fakes.test.helper.js";
import { mergeRounds } from "./rounds.js";

const round = (verdict: "pass" | "fail" | "error" | "not_run", observed = "") =>
	({
		...unobserved(plannedCase(0), verdict, "because", undefined),
		observed,
	}) as const;

test("rounds that agree are one result", async () => {
	const target = fakeTarget();
	const { results, tail, heads, verdicts } = await runCases(target, FOUR, {
		repeat: 3,
	});
	assert.deepEqual(verdicts, Array(4).fill("pass"));
	assert.equal(tail.totals.pass, 4);
	assert.equal(tail.complete, true);
	assert.equal(heads[0]?.planned, 4);
	assert.equal(heads[0]?.facts["plan.rounds"], 3);
	assert.match(tail.notes.join(), /asked 3 times, and none was flaky/);
	assert.equal(results[0]?.outcomes, undefined);
});

test("each round asks for the whole plan, in its order", async () => {
	const asked: number[] = [];
	const script: Script = (requests, events) => {
		asked.push(...requests.map(({ n }) => n));
		return passAll(requests, events);
	};
	await runCases(fakeTarget(script), FOUR, { repeat: 2 });
	assert.deepEqual(asked, [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("a case that fails in one round is flaky, and fails", async () => {
	const script: Script = (requests, events) => {
		for (const { n } of requests)
			events.reply(`obs ${n} ${n === 5 ? "fail" : "pass"}`);
		return {};
	};
	const { results, tail } = await runCases(fakeTarget(script), FOUR, {
		repeat: 3,
	});
	assert.equal(tail.totals.fail, 1);
	assert.equal(results[1]?.verdict, "fail");
	assert.match(
		results[1]?.reason ?? "",
		/^flaky, in 3 rounds: 2 × pass \(0\), 1 × fail \(0\);/,
	);
	assert.deepEqual(
		results[1]?.outcomes?.map(({ times }) => times),
		[2, 1],
	);
	assert.match(tail.notes.join(), /1 case flaky: set_tid\.probe1/);
});

test("passes with different observations are flaky, an error is an error", async () => {
	const differ = mergeRounds([
		round("pass", "open ok"),
		round("pass", "open EPERM"),
	]);
	assert.equal(differ.verdict, "fail");
	const pids = ["clone3 ok (302/6/20000)", "clone3 ok (302/16/20000)"];
	const alike = mergeRounds(pids.map((text) => round("pass", text)));
	assert.equal(alike.verdict, "pass", "a pid that the kernel picks may differ");
	const others = [
		"fork ok (302)",
		"fork ok (303, 302 was taken)",
		"fork ok (304/1, 302/1 to 303/1 were taken)",
	].map((text) => round("pass", text));
	assert.equal(mergeRounds(others.slice(0, 2)).verdict, "pass");
	assert.equal(mergeRounds(others).verdict, "fail", "another namespace");
	const rates = ["reached, 157 forks", "reached, 395 forks"].map((text) => ({
		...round("pass", `cycle ok (${text} a second)`),
		expected: "clone3 EPERM; or cycle ok (reached, * forks a second)",
	}));
	assert.equal(mergeRounds(rates).verdict, "pass", "a rate may differ");
	const either = [{ ...round("pass", "clone3 EPERM") }, ...rates.slice(0, 1)];
	assert.equal(
		mergeRounds(
			either.map((one) => ({ ...one, expected: rates[0]?.expected ?? "" })),
		).verdict,
		"fail",
	);
	const error = mergeRounds([round("pass", "1"), round("error")]);
	assert.equal(error.verdict, "error");
	assert.match(error.reason, /1 × pass \(1\), 1 × error/);
	const both = mergeRounds([
		round("pass", "1"),
		round("fail", "2"),
		round("error"),
	]);
	assert.equal(both.verdict, "fail", "what is known to differ is told");
});

test("a guest that ends in the second round leaves no case passed", async () => {
	const script: Script = (requests, events) => {
		for (const { n } of requests.slice(0, 5)) events.reply(`obs ${n} pass`);
		return { how: "stopped", detail: "stopped" };
	};
	const { verdicts, tail } = await runCases(fakeTarget(script), FOUR, {
		repeat: 2,
	});
	assert.deepEqual(verdicts, ["pass", "not_run", "not_run", "not_run"]);
	assert.equal(tail.complete, false);
	assert.equal(tail.totals.not_run, 3);
});
