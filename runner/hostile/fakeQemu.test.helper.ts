/** QEMU's place is taken by this program; the row whose guest it runs stands in its environment. */
import { FakeGuest } from "./fakeGuest.test.helper.js";
import { GUESTS } from "./guests.test.helper.js";

new FakeGuest(GUESTS[process.env.CRCAP_TEST_ROW ?? ""] ?? {});
