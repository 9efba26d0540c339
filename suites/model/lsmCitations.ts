/** Where the expectations of the suite lsm come from; part of CITATIONS. */
export const LSM_CITATIONS = {
	lsm_order: {
		ref: "security/security.c security_capable(): the capability module first, the others only where it said yes",
		since: "2.6.24",
	},
	apparmor_class: {
		ref: "security/apparmor/capability.c aa_capable(); 8c4b785a86be apparmor: add mediation class information to auditing",
		since: "6.2",
		note: "before, records have no class=",
	},
	apparmor_dedupe: {
		ref: "security/apparmor/capability.c audit_caps(): what was refused before is not recorded again; 74a96bbe1294 apparmor: audit_cap dedup based on subj_cred instead of profile",
		since: "6.13",
		note: "before and after, which capabilities were refused to another before is remembered as well: of two refusals in a row only the first is sure to be recorded",
	},
	selinux_capability: {
		ref: "security/selinux/hooks.c cred_has_capability(): capability2, or cap2_userns below the initial user namespace",
		since: "4.8",
	},
	tomoyo_manager: {
		ref: "security/tomoyo/common.c tomoyo_manager(): root whose /proc/self/exe is in the list of managers",
		since: "2.6.30",
	},
	ipc_noaudit: {
		ref: "8924336531e2 ipc: don't audit capability check in ipc_permissions()",
		since: "7.0",
		backports: ["6.1.165", "6.12.75"],
	},
};
