interface Page {
  readonly perPage: number
  readonly page: number
  readonly skip: number
}

const positive = (value: string | null, fallback: number): number => {
  const number = Number(value)
  return value !== null && Number.isInteger(number) && number >= 1 ? number : fallback
}

/** Reads `per_page` (at most 100) and `page`. Like GitHub, ignores values that are not positive integers. */
export const pageOf = (query: URLSearchParams, defaultSize = 30): Page => {
  const perPage = Math.min(positive(query.get('per_page'), defaultSize), 100)
  const page = positive(query.get('page'), 1)
  return { perPage, page, skip: (page - 1) * perPage }
}

/** The `Link` header (RFC 8288) of a page among `total` items. Empty if one page holds all items. */
export const linkHeader = (url: string, query: URLSearchParams, page: Page, total: number): Record<string, string> => {
  const last = Math.max(1, Math.ceil(total / page.perPage))
  if (last === 1 && page.page === 1) return {}
  const link = (to: number, relation: string): string => {
    const target = new URLSearchParams(query)
    target.set('page', String(to))
    return `<${url}?${target}>; rel="${relation}"`
  }
  const links = [
    ...(page.page > 1 ? [link(Math.min(page.page - 1, last), 'prev')] : []),
    ...(page.page < last ? [link(page.page + 1, 'next'), link(last, 'last')] : []),
    ...(page.page > 1 ? [link(1, 'first')] : []),
  ]
  return { link: links.join(', ') }
}

export const pageItems = <T>(items: readonly T[], page: Page): T[] => items.slice(page.skip, page.skip + page.perPage)
