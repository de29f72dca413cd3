/** A word with more changed letters is a different word. */
const MOST_EDITS = 2

/** The known word that is most similar (other case, `-` for `_`, or mistyped); null when no word is similar enough. */
export function likelySpelling(word: string, known: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const byDistance = known
    .map((one) => ({ one, edits: editsBetween(plain(word), plain(one)) }))
    .toSorted((a, b) => a.edits - b.edits)
  const [nearest] = byDistance
  return nearest !== undefined && nearest.edits <= Math.min(MOST_EDITS, nearest.one.length / 2) ? nearest.one : null
}

/** The Levenshtein distance: letters to add, remove or change. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
