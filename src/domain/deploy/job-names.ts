/** Names of jobs and steps as GitHub shows them, and patterns of them, in which `*` stands for any text. */

/** `*` stands for any text within a name. */
export const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  )

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

/** Whether some text fits both patterns, in which `*` stands for any text. */
export function mayBothMatch(a: string, b: string): boolean {
  const [fixedA = '', fixedB = ''] = [a.split('*', 1)[0], b.split('*', 1)[0]]
  if (!fixedA.startsWith(fixedB) && !fixedB.startsWith(fixedA)) return false
  /** Whether the rest of `a` and the rest of `b` from each place may match: one row for each place of `a`, from its end. */
  let below: boolean[] = []
  for (let i = a.length; i >= 0; i -= 1) {
    const row: boolean[] = Array.from({ length: b.length + 1 }, () => false)
    for (let j = b.length; j >= 0; j -= 1) {
      const skipsA = i < a.length && below[j] === true
      const skipsB = j < b.length && row[j + 1] === true
      if (i === a.length && j === b.length) row[j] = true
      else if (a[i] === '*') row[j] = skipsA || skipsB
      else if (b[j] === '*') row[j] = skipsB || skipsA
      else row[j] = i < a.length && a[i] === b[j] && below[j + 1] === true
    }
    below = row
  }
  return below[0] === true
}
