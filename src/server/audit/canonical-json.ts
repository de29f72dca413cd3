import 'server-only'

/**
 * The one way to write a JSON value down that RFC 8785 (JSON Canonicalization Scheme) allows: members sorted by the UTF-16
 * code units of their names, no white space, numbers and strings as ECMAScript writes them. Unicode is left as it is.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}

/** Strings first, so that digits inside them are none; then numbers as PostgreSQL writes those of a jsonb: no exponent. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g

/** Whether every number of a jsonb text is one that JavaScript, and so RFC 8785, holds exactly. */
export function hasExactNumbers(jsonbText: string): boolean {
  for (const [token] of jsonbText.matchAll(STRING_OR_NUMBER)) {
    if (!token.startsWith('"') && plainDecimal(String(Number(token))) !== plainDecimal(token)) return false
  }
  return true
}

/** `-1.50e+3` as `-1500`: without an exponent, and without zeros that mean nothing. */
function plainDecimal(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(number) ?? []
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = digits.padStart(digits.length + Math.max(0, 1 - point), '0').padEnd(Math.max(point, 1), '0')
  const at = Math.max(point, 1)
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(at).replace(/0+$/, '')
  return `${sign}${integer}${rest === '' ? '' : `.${rest}`}`
}
