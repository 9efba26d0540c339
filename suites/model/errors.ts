/** What a kernel or a guest said can't be understood. It is no fault of crcap's, and whoever reads a reply expects it. */
export class EvidenceError extends Error {
	override name = "EvidenceError";
}
