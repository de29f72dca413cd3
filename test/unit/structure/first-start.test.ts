import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const source = path.resolve(import.meta.dirname, '../../../src')

/** The files that a program loads at once: static imports of values, by alias or relative. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(path.join(source, file), 'utf8')
  for (const [, clause = '', name = ''] of text.matchAll(
    /^import\s+([^'"]*?)\s*(?:from\s*)?'((?:~|\.\.?)\/[^']+)'/gm,
  )) {
    const names = /^\{([^}]*)\}/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((one) => one.trim() !== '')
    if (/^type\b/.test(clause) || names?.every((one) => one.trim().startsWith('type ')) === true) continue
    const to = name.startsWith('~/') ? name.slice(2) : path.join(path.dirname(file), name)
    const found = [to, `${to}.ts`].find((one) => /\.(ts|mjs)$/.test(one) && existsSync(path.join(source, one)))
    if (found !== undefined) loadedBy(found, seen)
    else if (to.includes('generated')) seen.add(to)
  }
  return seen
}

it.each(['start', 'dev', 'worker', 'commands/console', 'database/lend-database'])(
  'src/launch/%s loads without the Prisma client, which the first start generates',
  (program) => {
    const loaded = [...loadedBy(`launch/${program}.ts`)]
    expect(loaded.length).toBeGreaterThan(5)
    expect(loaded.filter((file) => /platform\/(database|generated)/.test(file))).toEqual([])
  },
)
