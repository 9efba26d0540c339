/** How well text can be read. */
import type { Page } from "playwright-core";

/** Contrast of an element's text with what is behind it, by WCAG 2. */
export function contrast(page: Page, selector: string): Promise<number> {
	return page
		.locator(selector)
		.first()
		.evaluate((element) => {
			// This runs in the page, whose types this project's build does not know.
			const style = (
				globalThis as unknown as {
					getComputedStyle(of: unknown): {
						color: string;
						backgroundColor: string;
					};
				}
			).getComputedStyle;
			const parse = (text: string) => (text.match(/[\d.]+/g) ?? []).map(Number);
			let behind: { parentElement: unknown } | null = element as unknown as {
				parentElement: unknown;
			};
			let background = [0, 0, 0, 0];
			while (behind !== null) {
				background = parse(style(behind).backgroundColor);
				if ((background[3] ?? 1) > 0) break;
				behind = behind.parentElement as typeof behind;
			}
			const luminance = (colour: number[]) => {
				const [r = 0, g = 0, b = 0] = colour.slice(0, 3).map((value) => {
					const part = value / 255;
					return part <= 0.04045
						? part / 12.92
						: ((part + 0.055) / 1.055) ** 2.4;
				});
				return 0.2126 * r + 0.7152 * g + 0.0722 * b;
			};
			const [a, b] = [
				luminance(parse(style(element).color)),
				luminance(background),
			];
			return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		});
}
