import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const source = path.resolve(import.meta.dirname, '../../../src')

/** Names that Next.js reads from files under `src/app`. */
const OF_NEXT = new Set([
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'metadata',
  'generateMetadata',
  'dynamic',
  'Page',
])

/** The files that export a function of each name. The sandbox is a separate program, so its names are compared among themselves. */
function filesByName(): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>()
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((one) => /\.tsx?$/.test(one) && !one.includes('/generated/'))) {
    const text = readFileSync(path.join(source, file), 'utf8')
    const exported = text.matchAll(
      /^export (?:default )?(?:(?:async )?function\*? (\w+)|const (\w+)(?:: [^=]+)? = (?:async )?(?:<[^>]+>)?\()/gm,
    )
    for (const [, declared, assigned] of exported) {
      const name = declared ?? assigned ?? ''
      if (OF_NEXT.has(name) && file.startsWith('app/')) continue
      const key = file.startsWith('sandbox/') ? `sandbox: ${name}` : name
      byName.set(key, [...(byName.get(key) ?? []), file])
    }
  }
  return byName
}

it('no two exported functions share a name', () => {
  const shared = [...filesByName()].filter(([, files]) => files.length > 1)
  expect(shared.map(([name, files]) => `${name}: ${files.join(', ')}`)).toEqual([])
})
