/** A text that begins like a formula would be run by a spreadsheet. */
export const harmless = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
