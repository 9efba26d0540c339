/**
 * Loaded before each test file: tap would have every program that a test starts load tap's own hooks, too, which costs a third of a
 * second each. What is under test runs as users run it.
 */
import processOnSpawn from "process-on-spawn";

processOnSpawn.addListener((child) => {
	child.env = Object.fromEntries(
		Object.entries(child.env).filter(
			([name]) => name !== "NODE_OPTIONS" && !name.startsWith("_TAPJS_"),
		),
	);
	return child;
});
