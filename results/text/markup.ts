/** What our HTML pages share: nothing of a report is markup. */

export function escapeHtml(value: string): string {
	return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/**
 * A page up to its body.
 * @param head its Content-Security-Policy, title and style, and the address of its icon
 */
export function pageStart(head: {
	readonly policy: string;
	readonly title: string;
	readonly style: string;
	readonly icon?: string;
}): string {
	const icon =
		head.icon === undefined ? "" : `<link rel="icon" href="${head.icon}">\n`;
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${head.policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(head.title)} - crcap</title>
${icon}<style>${head.style}</style>
</head>
<body>
`;
}
