import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bundledPrograms, PROGRAMS, programArgs } from '~/launch/build/programs'

const PROGRAM = 'src/launch/commands/console.ts'
const SOURCE = 'console.log(import.meta.dirname)\n'

let base: string
let checkout: string
beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'programs '))
  checkout = path.join(base, 'checkout')
  for (const program of [...PROGRAMS, 'src/command-line/main.ts']) {
    mkdirSync(path.dirname(path.join(checkout, program)), { recursive: true })
    writeFileSync(path.join(checkout, program), SOURCE)
  }
  writeFileSync(path.join(checkout, 'package.json'), '{"version":"1.2.3"}')
  await bundledPrograms(checkout).make()
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const fromSources = (directory: string) => ['--import', 'tsx', path.join(directory, PROGRAM)]

test('a program runs from its bundle, and finds its files after the checkout was moved', () => {
  const moved = path.join(base, 'moved')
  renameSync(checkout, moved)
  const args = programArgs(moved, PROGRAM)
  expect(args).not.toEqual(fromSources(moved))
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
  expect(path.resolve(printed)).toBe(path.join(moved, 'src/launch/commands'))
})

test('a program that was started from its bundle makes bundles that find their files', async () => {
  const root = path.resolve(import.meta.dirname, '../../..')
  symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'))
  cpSync(path.join(root, 'src/launch/build'), path.join(checkout, 'src/launch/build'), { recursive: true })
  const builds = `import { bundledPrograms } from '../build/programs.ts'\nawait bundledPrograms(${JSON.stringify(checkout)}).make()\n`
  writeFileSync(path.join(checkout, PROGRAM), builds + SOURCE)
  await bundledPrograms(checkout).make()
  const run = () => execFileSync(process.execPath, programArgs(checkout, PROGRAM), { encoding: 'utf8' }).trim()
  const printed = [run(), run()].map((directory) => path.resolve(directory))
  const own = path.join(checkout, 'src/launch/commands')
  expect(printed).toEqual([own, own])
})

test.each([
  ['after its source changed', () => writeFileSync(path.join(checkout, PROGRAM), `${SOURCE}// changed\n`)],
  ['after any other source changed', () => writeFileSync(path.join(checkout, 'src/added.ts'), '')],
  ['after the installed packages changed', () => writeFileSync(path.join(checkout, 'package-lock.json'), '{}')],
  ['if its bundle is truncated', () => truncateSync(path.join(checkout, '.next/programs/launch-commands-console.mjs'))],
  ['once the bundles are discarded, before a build deletes them', () => bundledPrograms(checkout).discard()],
  ['if there is no bundle', () => rmSync(path.join(checkout, '.next'), { recursive: true })],
])('a program runs from its sources %s', (_, change) => {
  expect(programArgs(checkout, PROGRAM)).not.toEqual(fromSources(checkout))
  change()
  expect(programArgs(checkout, PROGRAM)).toEqual(fromSources(checkout))
})
