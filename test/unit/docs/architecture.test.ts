import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../..')
const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')

const foldersOf = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

it('docs/architecture.md names each folder of src/server in the table of layers', () => {
  const [, table = ''] = page.split('| layer | folders |')
  const rows = (table.split('\n\n')[0] ?? '').split('\n').filter((row) => row.startsWith('| '))
  const named = rows.flatMap((row) =>
    [...row.matchAll(/`([a-z-]+)`|^\| ([a-z]+) \|/g)].map(([, folder, layer]) => folder ?? layer ?? ''),
  )
  const missing = foldersOf('src/server').filter((folder) => !named.includes(folder))
  expect(missing).toEqual([])
})

it.each(['deploys', 'surfaces'])('docs/architecture.md names the rooms of src/server/%s', (noun) => {
  const rooms = new RegExp(`\`${noun}/\\{([a-z,]+)\\}\``).exec(page)?.[1]
  expect(rooms?.split(',').sort()).toEqual(foldersOf(path.join('src/server', noun)))
})
