import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { PERMISSIONS } from '~/domain/permissions'

const src = path.resolve(import.meta.dirname, '../../../src')
const sources = ['server', 'app'].flatMap((folder) =>
  readdirSync(path.join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('generated'))
    .map((file) => readFileSync(path.join(src, folder, file), 'utf8')),
)

it.each(Object.keys(PERMISSIONS))('something on the server requires %s', (permission) => {
  expect(sources.some((text) => text.includes(`'${permission}'`))).toBe(true)
})
