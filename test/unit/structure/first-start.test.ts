import { expect, it } from 'vitest'
import { listImports } from '~test/support/list-imports'

const loads = listImports().filter(({ isLoaded }) => isLoaded)

/** The files that a program loads when it starts, itself included. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { from, to } of loads) if (from === file) loadedBy(to, seen)
  return seen
}

it.each(['start', 'dev', 'worker', 'commands/console', 'database/lend-database'])(
  'src/launch/%s loads without the Prisma client, which the first start generates',
  (program) => {
    const loaded = [...loadedBy(`launch/${program}`)]
    expect(loaded.length).toBeGreaterThan(5)
    expect(loaded.filter((file) => /platform\/(database|generated)/.test(file))).toEqual([])
  },
)
