import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { listImports } from '~test/support/list-imports'

const source = path.resolve(import.meta.dirname, '../../../src')
const loads = listImports().filter(({ isLoaded, to }) => isLoaded && /^(ui|domain)\//.test(to))

/** The files of the browser that a file loads with it. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { from, to } of loads) if (from === file) loadedBy(to, seen)
  return seen
}

const textOf = (file: string): string => {
  for (const extension of ['.ts', '.tsx']) {
    try {
      return readFileSync(path.join(source, file + extension), 'utf8')
    } catch {}
  }
  return ''
}

/** What each page shows first. What it loads later is not among its imports (docs/adr/055). */
it.each([
  ['ui/grid/surface-grid', /from 'zod'|from '@base-ui/],
  ['ui/lanes/lanes-page', /from 'zod'|from '@base-ui/],
  ['ui/deploy-page/deploy-page', /from '@base-ui/],
  ['ui/shell/member', /from 'zod'|from '@base-ui/],
])('%s loads neither the dialogs’ library nor schemas that only a request needs', (page, heavy) => {
  const loaded = [...loadedBy(page)]
  expect(loaded.length).toBeGreaterThan(10)
  const runtime = (file: string) => textOf(file).replaceAll(/import type [^\n]*\n/g, '')
  expect(loaded.filter((file) => heavy.test(runtime(file)))).toEqual([])
})
