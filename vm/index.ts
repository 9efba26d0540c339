/** How a kernel comes up: the room's public face. */
export type { BootAttempt } from "./boot.js";
export { BootError } from "./boot.js";
export type { ChannelStats } from "./channel.js";
export type { ConsoleLine, Finding, FindingKind } from "./console.js";
export { ConsoleLog } from "./console.js";
export type { EndKind, GuestEnd } from "./ending.js";
export type { VmErrorKind } from "./errors.js";
export { VmError } from "./errors.js";
export type { Hello } from "./facts.js";
export type { BootOptions } from "./guest.js";
export { bootGuest, Guest } from "./guest.js";
export type { InitramfsEntry } from "./initramfs.js";
export { buildInitramfs } from "./initramfs.js";
export type { Arch, Machine } from "./machines.js";
export { ARCHES, MACHINES, machineFor } from "./machines.js";
export type { Accel, QemuBuild } from "./qemu.js";
export { qemuBuild } from "./qemu.js";
export { GuestLost } from "./session.js";
