import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ADVISORY_LOCKS } from '~/server/platform/advisory-locks'

const server = path.resolve(import.meta.dirname, '../../../src/server')
const sources = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith(path.join('platform', 'generated')),
)
const bySql = (file: string) =>
  /\$(queryRaw|executeRaw)|Prisma\.(sql|raw)\b/.test(readFileSync(path.join(server, file), 'utf8'))

it('exactly the files named *.sql.ts contain SQL by hand', () => {
  expect(sources.filter(bySql).sort()).toEqual(sources.filter((file) => file.endsWith('.sql.ts')).sort())
})

it('no two advisory locks share a number, and one file declares the numbers', () => {
  const numbers = Object.values(ADVISORY_LOCKS)
  expect(new Set(numbers).size).toBe(numbers.length)
  const src = path.resolve(server, '..')
  const declaring = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(ts|mjs)$/.test(file) && /\b7_?310_?4\d\d\b/.test(readFileSync(path.join(src, file), 'utf8')),
  )
  expect(declaring).toEqual([path.join('server', 'platform', 'advisory-locks.ts')])
})
