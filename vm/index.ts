/** How a kernel comes up: the room's public face. */
export type { AccelChoice, AccelOptions, AccelWish } from "./accel.js";
export { chooseAccel } from "./accel.js";
export { PrivateApt } from "./apt.js";
export type { NameKind, Pair } from "./book.js";
export { Book, writeBook } from "./book.js";
export type { BootAttempt } from "./boot.js";
export { BootError } from "./boot.js";
export { cacheDir } from "./cache.js";
export type { CachedKernel, FetchOptions } from "./catalogue.js";
export { cachedKernel, fetchKernel } from "./catalogue.js";
export type { ChannelStats } from "./channel.js";
export type { ConsoleLine, Finding, FindingKind } from "./console.js";
export { ConsoleLog, markedCase } from "./console.js";
export type { EndKind, GuestEnd } from "./ending.js";
export type { VmErrorKind } from "./errors.js";
export { VmError } from "./errors.js";
export type { Hello } from "./facts.js";
export { unescapeValue } from "./facts.js";
export type { Compression, Format } from "./formats.js";
export { bootGuest, Guest } from "./guest.js";
export type { DefaultKernel } from "./host.js";
export { defaultKernel } from "./host.js";
export type { Image } from "./image.js";
export { identifyFile } from "./image.js";
export type { InitramfsEntry } from "./initramfs.js";
export { buildInitramfs } from "./initramfs.js";
export {
	imageConfig,
	resolveKernel,
	resolveKernels,
} from "./kernels.js";
export type { Arch, Machine } from "./machines.js";
export { ARCHES, MACHINES, machineFor } from "./machines.js";
export type { KernelName } from "./names.js";
export { catalogueNames, isKernelName, parseKernelName } from "./names.js";
export type { BootOptions } from "./options.js";
export { preflight } from "./preflight.js";
export type { Accel } from "./qemu.js";
export { kernelCmdline, shellQuote } from "./qemu.js";
export type { QemuBuild } from "./qemuBuild.js";
export { qemuBuild } from "./qemuBuild.js";
export { GuestLost } from "./session.js";
