/** A bundle's archive: the same bytes for the same content, whoever makes it and when. */
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export interface ArchiveFile {
	readonly name: string;
	readonly mode: number;
	readonly data: Buffer;
}

/** The time of every member: the day of Linux 5.9. */
const MTIME = new Date("2020-10-11T00:00:00Z");

/** A gzip-compressed tar archive; everything lies in `folder`. */
export async function archive(
	folder: string,
	files: readonly ArchiveFile[],
): Promise<Buffer> {
	const tar = pack();
	const common = { mtime: MTIME, uid: 0, gid: 0, uname: "", gname: "" };
	tar.entry({ ...common, name: `${folder}/`, type: "directory", mode: 0o755 });
	for (const { name, mode, data } of files)
		tar.entry({ ...common, name: `${folder}/${name}`, mode }, data);
	tar.finalize();
	const chunks: Buffer[] = [];
	for await (const chunk of tar) chunks.push(chunk as Buffer);
	// Node.js writes no name and no time into the header.
	return gzipSync(Buffer.concat(chunks), { level: 9 });
}
