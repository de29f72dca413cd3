import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { PERMISSIONS, ROLE_WORDS } from '~/domain/permissions'

const root = path.resolve(import.meta.dirname, '../../..')
const src = path.join(root, 'src')
const sources = ['server', 'app'].flatMap((folder) =>
  readdirSync(path.join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('generated'))
    .map((file) => readFileSync(path.join(src, folder, file), 'utf8')),
)

it.each(Object.keys(PERMISSIONS))('the permission %s is required somewhere on the server', (permission) => {
  expect(sources.some((text) => text.includes(`'${permission}'`))).toBe(true)
})

it('docs/operations/people.md describes each role in the words of the screen', () => {
  const page = readFileSync(path.join(root, 'docs/operations/people.md'), 'utf8')
  const [, roles = ''] = page.split('| role | |\n|---|---|\n')
  const rows = Object.entries(ROLE_WORDS).map(([role, words]) => `| ${role} | ${words} |\n`)
  expect(roles.startsWith(`${rows.join('')}\n`)).toBe(true)
})
