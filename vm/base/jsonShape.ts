/** Small files of our own in the cache: read with suspicion, but without a library that takes longer to load than the rest. */

/** The type of each key's value, as `typeof` names it. */
type Shape = Readonly<Record<string, "string" | "boolean">>;

interface Types {
	string: string;
	boolean: boolean;
}

/** An object of that shape. */
export type OfShape<T extends Shape> = {
	-readonly [key in keyof T]: Types[T[key]];
};

/** The object in a JSON text, with the shape's keys and no others; undefined where it is cut short or another one. */
export function readJsonShape<T extends Shape>(
	text: string,
	shape: T,
): OfShape<T> | undefined {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (typeof json !== "object" || json === null) return undefined;
	const found = json as Record<string, unknown>;
	const entries = Object.entries(shape).map(([key, type]) => {
		const value = Object.hasOwn(found, key) ? found[key] : undefined;
		return typeof value === type ? [key, value] : undefined;
	});
	if (entries.includes(undefined)) return undefined;
	return Object.fromEntries(entries as [string, unknown][]) as OfShape<T>;
}
