import { join } from "node:path";

/** The project's folder, as seen from dist/testing. */
export const TOP = join(import.meta.dirname, "../..");
