/** How a kernel comes up: the room's public face. */

export { cacheDir, withTemporaryFolder } from "./base/cache.js";
export type { VmErrorKind } from "./base/errors.js";
export { VmError } from "./base/errors.js";
export type { Arch, Machine } from "./base/machines.js";
export { ARCHES, MACHINES, machineFor } from "./base/machines.js";
export { PrivateApt } from "./catalogue/apt.js";
export type { CachedKernel, FetchOptions } from "./catalogue/fetchKernel.js";
export { cachedKernel, fetchKernel } from "./catalogue/fetchKernel.js";
export type {
	GuestFile,
	GuestProgram,
	ProgramSource,
} from "./catalogue/guestProgram.js";
export {
	CRIU,
	guestProgram,
	NODE,
} from "./catalogue/guestProgram.js";
export type { DefaultKernel } from "./catalogue/host.js";
export { defaultKernel } from "./catalogue/host.js";
export {
	imageConfig,
	resolveKernel,
	resolveKernels,
} from "./catalogue/kernels.js";
export type { KernelName } from "./catalogue/names.js";
export {
	catalogueNames,
	isKernelName,
	parseKernelName,
} from "./catalogue/names.js";
export type { VendorName } from "./catalogue/vendors.js";
export { VENDORS } from "./catalogue/vendors.js";
export type { ChannelStats } from "./channel/channel.js";
export { Channel } from "./channel/channel.js";
export { crcHex } from "./channel/crc32.js";
export { ALIVE } from "./channel/lines.js";
export { ReadBackCache } from "./channel/readBackCache.js";
export type { NameKind, Pair } from "./channel/requestCatalogue.js";
export {
	RequestCatalogue,
	writeRequestCatalogue,
} from "./channel/requestCatalogue.js";
export type { AccelChoice, AccelOptions, AccelRequest } from "./guest/accel.js";
export { chooseAccel } from "./guest/accel.js";
export { deadlineOf, GuestLost } from "./guest/agentConnection.js";
export type { BootAttempt } from "./guest/boot.js";
export { BootError } from "./guest/boot.js";
export type { ConsoleLine, Finding, FindingKind } from "./guest/console.js";
export { ConsoleLog, markedCase } from "./guest/console.js";
export type { EndKind, GuestEnd } from "./guest/ending.js";
export type { Hello } from "./guest/facts.js";
export { FactReader, parseHello, unescapeValue } from "./guest/facts.js";
export { bootGuest, Guest } from "./guest/guest.js";
export type { BootOptions } from "./guest/options.js";
export { RunningClock } from "./guest/runningClock.js";
export type { Compression, Format, Wrapper } from "./image/head.js";
export type { Image } from "./image/image.js";
export { identifyFile } from "./image/image.js";
export { preflight } from "./image/preflight.js";
export type { Accel } from "./qemu/arguments.js";
export { kernelCmdline, shellQuote } from "./qemu/arguments.js";
export type { InitramfsEntry } from "./qemu/initramfs.js";
export { buildInitramfs } from "./qemu/initramfs.js";
export type { QemuBuild } from "./qemu/qemuBuild.js";
export { qemuBuild } from "./qemu/qemuBuild.js";
export { previewCommand } from "./replay/preview.js";
export { busybox } from "./shell/busybox.js";
export type { ShellGuest } from "./shell/shell.js";
export { bootShell, SHELL_READY } from "./shell/shell.js";
export { attemptText, GuestSource, OopsError } from "./state/guestSource.js";
export type { KeptState } from "./state/stateCache.js";
export { clearStates, listStates } from "./state/stateCache.js";
