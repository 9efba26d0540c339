/** Prints the table for docs/reliability.md. */
import { reliabilityTable } from "./document.test.helper.js";

console.log(reliabilityTable());
