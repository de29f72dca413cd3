import { execFileSync } from 'node:child_process'
import { cpSync, lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findPackagedBinaries, linksAreComplete, makeLibraryLinks } from '~/launch/postgres/binaries'
import { initialiseCluster } from '~/launch/postgres/initialise-cluster'
import { startServer } from '~/launch/postgres/run-server'

describe('the programs of PostgreSQL', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'postgres programs '))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('run after an installation that ran no install script: the missing library links are made', () => {
    const { native, links } = findPackagedBinaries()
    const copy = path.join(directory, 'native')
    cpSync(native, copy, { recursive: true, filter: (file) => !lstatSync(file).isSymbolicLink() })
    expect(linksAreComplete(copy, links)).toBe(false)
    makeLibraryLinks(copy, links)
    expect(linksAreComplete(copy, links)).toBe(true)
    makeLibraryLinks(copy, links) // again: no harm
    expect(execFileSync(path.join(copy, 'bin/initdb'), ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL')
  })

  it('that cannot be started are an error with words, not a crash', async () => {
    const programs = { native: path.join(directory, 'nowhere'), account: undefined }
    await expect(initialiseCluster(programs, directory, 'secret')).rejects.toThrow(
      /could not be created: .*ENOENT[\s\S]*Nothing was kept/,
    )
    const address = { port: 1, password: 'secret' }
    await expect(startServer(programs, directory, address, { logFile: path.join(directory, 'log') })).rejects.toThrow(
      /PostgreSQL did not start: .*ENOENT/,
    )
  })
})
