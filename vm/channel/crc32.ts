/** The IEEE CRC-32, by table: zlib's own came to Node 20 only with 20.15. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) {
		crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return crc;
});

/** CRC-32 (IEEE 802.3, as in zlib) of bytes, or of a string of Latin-1 characters. */
export function crc32(data: Uint8Array | string): number {
	const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
	}
	return (crc ^ 0xffffffff) >>> 0;
}

/** The CRC-32 as the protocol writes it: eight lower-case hex digits. */
export function crcHex(data: Uint8Array | string): string {
	return crc32(data).toString(16).padStart(8, "0");
}
