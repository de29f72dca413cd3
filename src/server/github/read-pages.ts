import 'server-only'

/** GitHub's longest page. */
export const PAGE_LENGTH = 100
/** GitHub lists no more than a thousand runs of a search. */
const PAGES_AT_MOST = 10

/**
 * Reads a paged list to its end, until `found` is true of what was read, or to its last page within `atMost`: `complete` is false
 * when GitHub may have more than was read.
 */
export async function readPages<Item>(
  readPage: (page: number) => Promise<readonly Item[]>,
  options: {
    readonly length?: number
    readonly atMost?: number
    readonly found?: (items: readonly Item[]) => boolean
  } = {},
): Promise<{ readonly items: Item[]; readonly complete: boolean }> {
  const { length = PAGE_LENGTH, atMost = PAGES_AT_MOST, found = () => false } = options
  const items: Item[] = []
  for (let page = 1; page <= atMost; page += 1) {
    const read = await readPage(page)
    items.push(...read)
    if (read.length < length) return { items, complete: true }
    if (found(items)) break
  }
  return { items, complete: false }
}
