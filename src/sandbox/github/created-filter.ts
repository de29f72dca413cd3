/** The `created` filter of run lists, in GitHub's search syntax for dates (`>=t`, `>t`, `<t`, `a..b`, `*..b`, `2026-11-21`). */
type CreatedFilter = (createdAt: string) => boolean

const DAY = 86_400_000

interface Moment {
  readonly from: number
  /** Equal to `from`; for a date without a time, the last millisecond of the day. */
  readonly to: number
}

const momentOf = (text: string): Moment | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return undefined
  const dateOnly = text.length === 10
  const from = Date.parse(dateOnly || /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(from) ? undefined : { from, to: dateOnly ? from + DAY - 1 : from }
}

const rangeOf = (text: string): CreatedFilter | undefined => {
  const [first = '', second = ''] = text.split('..')
  const from = first === '*' ? { from: Number.NEGATIVE_INFINITY } : momentOf(first)
  const to = second === '*' ? { to: Number.POSITIVE_INFINITY } : momentOf(second)
  if (!from || !to) return undefined
  return (createdAt) => Date.parse(createdAt) >= from.from && Date.parse(createdAt) <= to.to
}

/** Gives `undefined` if the text has none of GitHub's forms. */
export const parseCreated = (text: string): CreatedFilter | undefined => {
  if (text.includes('..')) return rangeOf(text)
  const [, operator = '', rest = ''] = /^(>=|<=|>|<|)(.*)$/.exec(text) ?? []
  const moment = momentOf(rest)
  if (!moment) return undefined
  switch (operator) {
    case '>=':
      return (createdAt) => Date.parse(createdAt) >= moment.from
    case '>':
      return (createdAt) => Date.parse(createdAt) > moment.to
    case '<=':
      return (createdAt) => Date.parse(createdAt) <= moment.to
    case '<':
      return (createdAt) => Date.parse(createdAt) < moment.from
    default:
      return (createdAt) => Date.parse(createdAt) >= moment.from && Date.parse(createdAt) <= moment.to
  }
}
