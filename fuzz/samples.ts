/** Small images and archives that parsers take. */
import { armImage, bzImage, elf, PVH } from "../vm/image/samples.test.data.js";

/** A bzImage's head, protocol 2.15, with a banner. */
export const BZ_IMAGE = (() => {
	const image = bzImage({ version: "6.1.0-fuzz (x@y) #1 SMP", payload: 256 });
	image.write("Linux version 6.1.0-fuzz (x@y) #1", 0x700);
	return image;
})();

export const ARM_IMAGE = armImage().subarray(0, 128);

/** A vmlinux for x86-64 with something to load and a PVH note. */
export const ELF = elf({ machine: 62, payload: Buffer.alloc(40), notes: PVH });

/** An image tree: a kernel, and the configuration that names it. */
export const FIT = Buffer.from(
	[
		"d00dfeed000000e900000038000000d000000028000000110000001000000000000000190000009800000000000000000000",
		"000000000000000000010000000000000001696d616765730000000000016b0000000000000300000007000000006b65726e",
		"656c00000000000300000006000000056b65726e656c0000000000020000000200000001636f6e66696775726174696f6e73",
		"000000000003000000020000000a6300000000000001630000000000000300000002000000126b0000000000000200000002",
		"00000002000000097479706500646174610064656661756c74006b65726e656c00",
	].join(""),
	"hex",
);

/** A tar archive with a file and a folder. */
export const TAR = (() => {
	const entry = (name: string, type: string, data: string) => {
		const head = Buffer.alloc(512);
		head.write(name, 0);
		head.write("0000644\0", 100);
		head.write("0000000\0", 108);
		head.write("0000000\0", 116);
		head.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
		head.write("00000000000\0", 136);
		head.write("        ", 148);
		head.write(type, 156);
		head.write("ustar\x0000", 257);
		const sum = head.reduce((total, byte) => total + byte, 0);
		head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
		const body = Buffer.alloc(Math.ceil(data.length / 512) * 512);
		body.write(data);
		return Buffer.concat([head, body]);
	};
	return Buffer.concat([
		entry("boot/", "5", ""),
		entry("boot/vmlinuz-6.1.0", "0", "MZ kernel"),
		Buffer.alloc(1024),
	]);
})();
