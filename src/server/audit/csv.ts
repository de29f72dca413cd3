import 'server-only'

/**
 * One record of RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
 * Injection"): the trail holds what workflows and operators wrote, and an auditor's spreadsheet must not run it.
 */
export function csvRecord(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => csvField(field ?? '')).join(',')}\r\n`
}

const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/

function csvField(text: string): string {
  const harmless = FORMULA_START.test(text) ? `'${text}` : text
  return /[",\r\n\t]/.test(harmless) || harmless !== text ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
