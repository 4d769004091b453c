// CSV after RFC 4180 that a spreadsheet opens without running anything in it.

/** One line of cells with its line end. Objects and lists are JSON text, null is empty. */
export function toCsvLine(cells: readonly unknown[]): string {
  return `${cells.map(toCell).join(',')}\r\n`;
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return quote(disarm(value));
  return quote(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

// A text that begins like a formula is run as one by spreadsheets; a leading apostrophe makes it text again.
// https://owasp.org/www-community/attacks/CSV_Injection
function disarm(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
