import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const server = path.resolve(import.meta.dirname, '../../../src/server')
const sources = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith(path.join('platform', 'generated')),
)
const bySql = (file: string) =>
  /\$(queryRaw|executeRaw)|Prisma\.(sql|raw)\b/.test(readFileSync(path.join(server, file), 'utf8'))

it('SQL by hand stands in the files named *.sql.ts alone, and each of them holds some', () => {
  expect(sources.filter(bySql).sort()).toEqual(sources.filter((file) => file.endsWith('.sql.ts')).sort())
})
