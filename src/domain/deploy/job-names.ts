/** Names of jobs and steps as GitHub shows them, and patterns of them, in which `*` stands for any text. */

/** A longer name is foreign text rather than a name: nobody declares it as a phase. */
const NAME_AT_MOST = 255

/** The beginning of a name, for every name that is read from GitHub. */
export const clipName = (name: string): string =>
  name.length <= NAME_AT_MOST ? name : name.slice(0, NAME_AT_MOST).replace(/[\ud800-\udbff]$/, '')

/**
 * Whether the text fits the pattern, in which `*` stands for any text. Each part between two `*` is taken where it first occurs, so no text takes
 * long, unlike with a regular expression.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return text === pattern
  const end = text.length - last.length
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  for (const part of parts) {
    const found = text.indexOf(part, from)
    if (found === -1) return false
    from = found + part.length
  }
  return from <= end
}

/** The pattern, and those of the jobs that would hold what it names: `call / job / step`, `call / job`, `call`. */
export function holdersOf(pattern: string): string[] {
  const parts = pattern.split(' / ')
  return parts.map((_, index) => parts.slice(0, index + 1).join(' / ')).filter((one) => one !== '*')
}

const EXPRESSION = /\$\{\{.*?\}\}/gs

/**
 * Whether the pattern may name a job, a leg, a called job or a step of this job. GitHub lists a matrix or a call that did not start under
 * the bare name of its job, with expressions as they are in the file.
 */
export function mayBePartOf(name: string, pattern: string): boolean {
  const bare = name.replaceAll(EXPRESSION, '*')
  return [bare, `${bare} (*)`, `${bare} / *`, `${bare} (*) / *`].some((one) => mayBothMatch(pattern, one))
}

/**
 * Whether some text fits both patterns, in which `*` stands for any text. If both have one, their beginnings and ends decide: a text with the rest
 * of both between them fits.
 */
export function mayBothMatch(a: string, b: string): boolean {
  if (!a.includes('*')) return matchesPattern(b, a)
  if (!b.includes('*')) return matchesPattern(a, b)
  const [beginA, beginB] = [a.slice(0, a.indexOf('*')), b.slice(0, b.indexOf('*'))]
  const [endA, endB] = [a.slice(a.lastIndexOf('*') + 1), b.slice(b.lastIndexOf('*') + 1)]
  return (beginA.startsWith(beginB) || beginB.startsWith(beginA)) && (endA.endsWith(endB) || endB.endsWith(endA))
}
