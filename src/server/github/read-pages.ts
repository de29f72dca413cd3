import 'server-only'

/** GitHub's longest page. */
export const PAGE_LENGTH = 100
const PAGES_AT_MOST = 10

/** Reads a paged list to its end, or to its thousandth item: `complete` is false when GitHub has more than was read. */
export async function readPages<Item>(
  readPage: (page: number) => Promise<readonly Item[]>,
): Promise<{ readonly items: Item[]; readonly complete: boolean }> {
  const items: Item[] = []
  for (let page = 1; page <= PAGES_AT_MOST; page += 1) {
    const read = await readPage(page)
    items.push(...read)
    if (read.length < PAGE_LENGTH) return { items, complete: true }
  }
  return { items, complete: false }
}
