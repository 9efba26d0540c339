import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { nativeTrouble } from "./arrows.mjs";
import { readSource } from "./sources.mjs";

/** Steps call the interpreter, which finds them by the list: no circle. */
const SOUND = {
	"native/core/core.h":
		"int interpret(char *);\nextern const struct step *const child_steps[], lock_steps[];\n",
	"native/core/program.c":
		'#include "core.h"\nint interpret(char *p)\n{\n\treturn find(p) ? 0 : 1;\n}\n',
	"native/core/child.c":
		"static int child(char *p)\n{\n\treturn interpret(p);\n}\nconst struct step child_steps[] = { { child } };\n",
	"native/core/steps.c":
		"static const struct step *const tables[] = { child_steps, lock_steps };\nconst void *find(const char *p)\n{\n\treturn tables[*p];\n}\n",
	"native/boundaries/lock.c":
		'#include "../core/core.h"\nconst struct step lock_steps[] = { { interpret } };\n',
};
const ROOMS = {
	arrows: { "native/core": [], "native/boundaries": ["native/core"] },
	lists: ["native/core/steps.c"],
};

/**
 * @param {import("tap").Test} t
 * @param {Record<string, string>} files
 * @param {Parameters<typeof nativeTrouble>[1]} rooms
 */
function troubleOf(t, files, rooms = ROOMS) {
	const top = t.testdir();
	for (const [path, text] of Object.entries({ ...SOUND, ...files })) {
		mkdirSync(dirname(join(top, path)), { recursive: true });
		writeFileSync(join(top, path), text);
	}
	return nativeTrouble(top, rooms);
}

test("a list of steps makes no circle", async (t) => {
	assert.deepEqual(troubleOf(t, {}), []);
});

test("what is no list makes one", async (t) => {
	const rooms = {
		arrows: { ...ROOMS.arrows, "native/core": ["native/boundaries"] },
		lists: [],
	};
	const trouble = troubleOf(t, {}, rooms);
	assert.ok(trouble.some((line) => /a circle: .*child\.c/.test(line)));
});

test("a circle of two files is found, and named once", async (t) => {
	const files = {
		"native/core/agent.c": "void power_off(void)\n{\n\tshell();\n}\n",
		"native/core/shell.c":
			"/* shell() calls power_off() */\nvoid shell(void)\n{\n\tpower_off();\n}\n",
	};
	assert.deepEqual(troubleOf(t, files), [
		"native/core/agent.c: a circle: native/core/agent.c -> native/core/shell.c (shell) -> native/core/agent.c (power_off)",
	]);
});

test("a circle of three files by a pointer and a macro is found", async (t) => {
	const files = {
		"native/core/a.c": "void (*const hook)(void) = b;\n",
		"native/core/b.c": "#define NEXT \\\n\tc()\nvoid b(void)\n{\n\tNEXT;\n}\n",
		"native/core/c.c": "int c(void)\n{\n\treturn hook == 0;\n}\n",
	};
	assert.match(
		troubleOf(t, files).join("\n"),
		/^native\/core\/a\.c: a circle: \S+a\.c -> \S+b\.c \(b\) -> \S+c\.c \(c\) -> \S+a\.c \(hook\)$/,
	);
});

test("names of a file's own, comments and texts are no use of another file", async (t) => {
	const files = {
		"native/core/a.c":
			'static int count;\nint a(void)\n{\n\treturn puts("b()") + count; /* b() */\n}\n',
		"native/core/b.c":
			"enum count { b_one };\nint count = 1;\nint b(void)\n{\n\treturn a();\n}\n",
	};
	assert.deepEqual(troubleOf(t, files), []);
});

test("a use and an include against an arrow are found", async (t) => {
	const files = {
		"native/boundaries/lock.h": "int unlock(void);\n",
		"native/boundaries/unlock.c": "int unlock(void)\n{\n\treturn 0;\n}\n",
		"native/core/a.c":
			'#include "../boundaries/lock.h"\nint a(void)\n{\n\treturn unlock();\n}\n',
	};
	assert.deepEqual(troubleOf(t, files), [
		"native/core/a.c: native/core may not use native/boundaries (../boundaries/lock.h); see scripts/rooms.json",
		"native/core/a.c: native/core may not use native/boundaries (unlock); see scripts/rooms.json",
	]);
});

test("a list that calls what it lists is found, and one that is not there", async (t) => {
	const files = {
		"native/core/steps.c":
			"const void *find(const char *p)\n{\n\treturn interpret(p) ? lock_steps : child_steps;\n}\n",
	};
	assert.deepEqual(troubleOf(t, files), [
		"native/core/steps.c: only lists, but calls interpret() of native/core/program.c",
	]);
	const lists = [...ROOMS.lists, "native/core/none.c"];
	assert.deepEqual(troubleOf(t, SOUND, { ...ROOMS, lists }), [
		"scripts/rooms.json: there is no native/core/none.c",
	]);
});

test("a folder that the table does not know is found", async (t) => {
	const [trouble = ""] = troubleOf(t, { "native/other/a.c": "" });
	assert.match(trouble, /does not know native\/other/);
});

test("what a file defines is read in every form that it is written in", async () => {
	const { exported } = readSource(`
static void never(int) __attribute__((noreturn));
void __attribute__((noreturn)) ends(void);
struct shape {
	int a;
};
enum kind { ONE };
extern int elsewhere;
typedef int number;
int *pointer;
const char *const names[ONE] = {
	[ONE] = "one",
};
static struct {
	int inner;
} * hidden;
int (*const hook)(int a) = never;
unsigned long long takes(int a,
			 char *b)
{
	int local = a;
	return local;
}
static void never(int a)
{
}
`);
	assert.deepEqual([...exported], ["takes", "pointer", "names", "hook"]);
});
