/** Archives as nobody would write them. */

const REGULAR = 0o100644;
export const SYMLINK = 0o120777;

export interface Raw {
	path: string;
	mode?: number;
	data: string | Buffer;
	/** Instead of the data's own length. */
	size?: number;
}

function padded(data: Buffer, unit: number): Buffer {
	const rest = (unit - (data.length % unit)) % unit;
	return Buffer.concat([data, Buffer.alloc(rest)]);
}

/** A cpio archive with whatever names and links. */
export function cpio(members: readonly Raw[]): Buffer {
	const all = [...members, { path: "TRAILER!!!", mode: 0, data: "" }];
	return Buffer.concat(
		all.flatMap(({ path, mode = REGULAR, data, size }) => {
			const name = Buffer.from(`${path}\0`);
			const fields = Array(13).fill(0);
			fields[1] = mode;
			fields[6] = size ?? data.length;
			fields[11] = name.length;
			const hex = fields.map((one) => one.toString(16).padStart(8, "0"));
			const head = Buffer.from(`070701${hex.join("")}`);
			return [
				padded(Buffer.concat([head, name]), 4),
				padded(Buffer.from(data as string), 4),
			];
		}),
	);
}

/** A tar archive, likewise. */
export function tar(members: readonly Raw[]): Buffer {
	const blocks = members.flatMap(({ path, mode = REGULAR, data, size }) => {
		const head = Buffer.alloc(512);
		const link = mode === SYMLINK;
		head.write(path, 0);
		head.write((link ? 0 : (size ?? data.length)).toString(8), 124);
		head.write(link ? "2" : "0", 156);
		if (link) head.write(String(data), 157);
		head.write("        ", 148);
		const sum = head.reduce((total, byte) => total + byte, 0);
		head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
		return link ? [head] : [head, padded(Buffer.from(data as string), 512)];
	});
	return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
