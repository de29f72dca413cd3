import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Log, openLog } from '~/server/platform/open-log'

let directory: string
let file: string
let problems: string[]
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'open log '))
  file = path.join(directory, 'logs/server.log')
  problems = []
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = (atMostBytes?: number): Log => openLog(file, (code) => problems.push(code), atMostBytes)

/** Writing to /dev/full fails as on a full disk. */
const fillDisk = () => {
  mkdirSync(path.dirname(file))
  symlinkSync('/dev/full', file)
}
const emptyDisk = () => rmSync(file)

it.runIf(existsSync('/dev/full'))('lines for a full disk are kept, told once, and written when there is room', () => {
  fillDisk()
  const log = open()
  log.write('one\n')
  log.write('two\n')
  expect(problems).toEqual(['ENOSPC'])
  emptyDisk()
  log.reopen()
  log.write('three\n')
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n')
  expect(problems).toEqual(['ENOSPC'])
})

it.runIf(existsSync('/dev/full'))('a log says how many lines it has lost, and goes on', () => {
  fillDisk()
  const log = open()
  const line = `${'x'.repeat(65_535)}\n`
  for (let n = 0; n < 20; n += 1) log.write(line)
  emptyDisk()
  log.reopen()
  log.write('after\n')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const kept = lines.filter((one) => one.startsWith('x')).length
  expect(kept).toBe(16)
  expect(lines).toContain('after')
  expect(JSON.parse(lines.find((one) => one.startsWith('{')) ?? '')).toMatchObject({ level: 40, lost: 20 - kept })
})

it('a log whose folder was removed continues in a new one after it is reopened', () => {
  const log = open()
  log.write('one\n')
  rmSync(path.dirname(file), { recursive: true })
  log.write('nowhere\n')
  log.reopen()
  log.write('two\n')
  expect(readFileSync(file, 'utf8')).toBe('two\n')
})

it('a log that cannot be reopened continues in the old file', () => {
  const log = open()
  log.write('one\n')
  const moved = `${path.dirname(file)}.old`
  renameSync(path.dirname(file), moved)
  writeFileSync(path.dirname(file), 'not a folder')
  log.reopen()
  log.write('two\n')
  expect(problems).toEqual(['EEXIST'])
  expect(readFileSync(path.join(moved, 'server.log'), 'utf8')).toBe('one\ntwo\n')
})

it('a log that cannot be opened keeps its lines and is opened once it can', () => {
  mkdirSync(file, { recursive: true })
  const log = open()
  log.write('early\n')
  expect(problems).toEqual(['EISDIR'])
  rmSync(file, { recursive: true })
  log.reopen()
  log.write('one\n')
  expect(readFileSync(file, 'utf8')).toBe('early\none\n')
})

it('a rotated log continues in a new file after it is reopened', () => {
  const log = open()
  log.write('one\n')
  const rotated = `${file}.1`
  writeFileSync(rotated, readFileSync(file))
  rmSync(file)
  log.reopen()
  log.write('two\n')
  expect([readFileSync(rotated, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['one\n', 'two\n'])
})

it('a log with a bound begins a new file when it is reached, also after a restart, and keeps one older file', () => {
  const read = () =>
    readdirSync(path.dirname(file)).map((name) => [name, readFileSync(path.join(path.dirname(file), name), 'utf8')])
  const before = open(8)
  before.write('one\n')
  const log = open(8)
  log.write('two\n')
  expect(read()).toEqual([['server.log', 'one\ntwo\n']])
  log.write('three\n')
  expect(read()).toEqual([
    ['server.log', 'three\n'],
    ['server.log.1', 'one\ntwo\n'],
  ])
  log.write('four\n')
  log.write('five\n')
  expect(read()).toEqual([
    ['server.log', 'five\n'],
    ['server.log.1', 'three\nfour\n'],
  ])
  expect(problems).toEqual([])
})

it('a log with a bound keeps its lines while the full file cannot be renamed, and says so once', () => {
  const log = open(4)
  log.write('one\n')
  mkdirSync(`${file}.1/taken`, { recursive: true })
  log.write('two\n')
  log.write('three\n')
  expect(problems).toHaveLength(1)
  expect(readFileSync(file, 'utf8')).toBe('one\n')
  rmSync(`${file}.1`, { recursive: true })
  log.write('four\n')
  expect([readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['one\n', 'two\nthree\nfour\n'])
})

it('a log with a bound goes on if somebody removed the full file', () => {
  const log = open(4)
  log.write('one\n')
  rmSync(file)
  log.write('two\n')
  expect(readFileSync(file, 'utf8')).toBe('two\n')
  expect(problems).toEqual([])
})
