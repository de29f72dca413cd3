import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock } from '~/launch/machine/launch-lock'

describe('the launch lock', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'launch lock '))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('is held by one process at a time, and tells others which process and address', () => {
    const lock = acquireLock(directory, 'npm start')
    expect(() => acquireLock(directory, 'npm run dev')).toThrow(`Process ${process.pid} (npm start) is already running`)
    lock.publish('http://localhost:3000')
    expect(() => acquireLock(directory, 'npm run dev')).toThrow('The console is at http://localhost:3000.')
    lock.release()
    acquireLock(directory, 'npm run dev').release()
    expect(existsSync(path.join(directory, 'launch.lock'))).toBe(false)
  })

  it.each([
    { case: 'a process that has ended', pid: spawnSync('true').pid, identity: 'any' },
    { case: 'an ended process whose id was reused', pid: process.pid, identity: 'started at tick 1' },
  ])('is free if its file names $case', ({ pid, identity }) => {
    writeFileSync(path.join(directory, 'launch.lock'), JSON.stringify({ pid, identity, purpose: 'npm start' }))
    acquireLock(directory, 'npm start').release()
  })

  it('is free if its file is damaged', () => {
    writeFileSync(path.join(directory, 'launch.lock'), '{"pid":')
    acquireLock(directory, 'npm start').release()
  })
})
