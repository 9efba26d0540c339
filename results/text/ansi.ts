/** Colours for a terminal, where they are wanted. */

type Paint = (text: string) => string;

export interface Palette {
	good: Paint;
	bad: Paint;
	warn: Paint;
	dim: Paint;
	bold: Paint;
}

const CODES: Record<keyof Palette, number> = {
	good: 32,
	bad: 31,
	warn: 33,
	dim: 2,
	bold: 1,
};

/** The palette; every colour is plain text where `enabled` is false. */
export function palette(enabled: boolean): Palette {
	const paint =
		(code: number): Paint =>
		(text) =>
			enabled ? `\u001b[${code}m${text}\u001b[0m` : text;
	return {
		good: paint(CODES.good),
		bad: paint(CODES.bad),
		warn: paint(CODES.warn),
		dim: paint(CODES.dim),
		bold: paint(CODES.bold),
	};
}

/** Whether colours are wanted: `NO_COLOR` and `FORCE_COLOR` by https://no-color.org, else on a terminal that can. */
export function wantsColour(
	tty: boolean,
	env: Record<string, string | undefined>,
): boolean {
	if ((env.NO_COLOR ?? "") !== "") return false;
	if ((env.FORCE_COLOR ?? "") !== "") return env.FORCE_COLOR !== "0";
	return tty && env.TERM !== "dumb";
}
