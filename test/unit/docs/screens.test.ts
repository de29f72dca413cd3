import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { listPages } from '~test/support/pages'

const directory = path.resolve(import.meta.dirname, '../../../docs/screens')
const index = readFileSync(path.join(directory, 'INDEX.md'), 'utf8')
const pictures = readdirSync(directory).filter((file) => file !== 'INDEX.md')

it('docs/screens/INDEX.md has one line of judgement for each picture', () => {
  const judged = [...index.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].map(([, file]) => file)
  expect(judged.toSorted()).toEqual(pictures.toSorted())
})

it('docs/screens/INDEX.md names every page of the console', () => {
  expect(listPages().filter((page) => !index.includes(`\`${page}\``))).toEqual([])
})

it('the pictures of docs/screens take less than 6 MB', () => {
  const bytes = pictures.reduce((sum, file) => sum + statSync(path.join(directory, file)).size, 0)
  expect(pictures.length).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(6_000_000)
})
