/** A 32-bit system on this 64-bit kernel, in a private root: Debian's dropbear and busybox for i386, and no other program. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { busybox, guestProgram, MACHINES } from "../../vm/index.js";
import { DROPBEAR } from "./dropbear.test.helper.js";
import { FOLDERS, type Server, serving } from "./sshd.test.helper.js";

const ARCH = "i386";
const APPLETS =
	"sh mkdir rm chmod head wc uname id printf mount umount pivot_root".split(
		" ",
	);

/** @param persona what setarch(8) calls the machine that the system believes in: `uname -m` says it there */
export async function withUserland32(
	persona: "i386" | "x86_64",
	use: (server: Server) => Promise<void>,
): Promise<void> {
	await serving(use, async (folder, port) => {
		const root = join(folder, "root");
		await makeRoot(root);
		return [
			`mount --bind ${root} ${root}`,
			`mount --bind ${folder} ${root}/keep`,
			`mount --rbind /dev ${root}/dev`,
			`mount -t proc none ${root}/proc`,
			...FOLDERS.map((one) => `mount -t tmpfs -o mode=1777 none ${root}${one}`),
			`mkdir -m 700 ${root}/root/.ssh`,
			`cp ${folder}/user.pub ${root}/root/.ssh/authorized_keys`,
			`chmod 755 ${root}/root`,
			// Not chroot alone: from within one nobody makes a user namespace.
			`cd ${root}`,
			`exec setarch ${persona} sh -ec 'pivot_root . old; cd /; exec /bin/sh -ec "umount -l /old; exec ${server(port)}"'`,
		].join("\n");
	});
}

const server = (port: number): string =>
	`/usr/sbin/dropbear -F -E -R -s -p 127.0.0.1:${port} 2>/keep/log`;

async function makeRoot(root: string): Promise<void> {
	const [shell, dropbear] = await Promise.all([
		busybox(MACHINES[ARCH]),
		guestProgram(DROPBEAR, ARCH),
	]);
	if (dropbear === undefined) throw new Error("Debian has no dropbear for it");
	for (const folder of [...FOLDERS, "/proc", "/dev", "/old", "/keep"])
		await mkdir(join(root, folder), { recursive: true });
	const put = async (path: string, data: string | Buffer, mode: number) => {
		await mkdir(dirname(join(root, path)), { recursive: true });
		await writeFile(join(root, path), data, { mode });
	};
	for (const { path, data, mode } of dropbear.files)
		await put(path, data, mode);
	await put("bin/busybox", shell, 0o755);
	for (const name of APPLETS) await symlink("busybox", join(root, "bin", name));
	await put("etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0o644);
	await put("etc/group", "root:x:0:\n", 0o644);
	await put("etc/dropbear/.here", "", 0o644);
}
