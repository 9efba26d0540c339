/** execa, loaded when it is first needed: most runs start no program but QEMU, and it takes as long to load as all of ours. */
export const loadExeca = () => import("execa");
