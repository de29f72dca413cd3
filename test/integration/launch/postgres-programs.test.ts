import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { initialiseCluster } from '~/launch/postgres/initialise-cluster'
import { findDatabaseAccount } from '~/launch/postgres/programs'
import { startPostgresServer } from '~/launch/postgres/running-server'
import { findPackagedBinaries, linksAreComplete, makeLibraryLinks, prepareRuntime } from '~/launch/postgres/runtime'

describe('the packaged programs of PostgreSQL', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'postgres programs '))
  /** Not below the other directory, which only its owner may enter. */
  const system = mkdtempSync(path.join(tmpdir(), 'postgres-system-'))
  afterAll(() => {
    for (const made of [directory, system]) rmSync(made, { recursive: true, force: true })
  })

  it('the missing library links are made if no install script ran, and the programs run', () => {
    const { native, links } = findPackagedBinaries()
    const copy = path.join(directory, 'native')
    cpSync(native, copy, { recursive: true, filter: (file) => !lstatSync(file).isSymbolicLink() })
    expect(linksAreComplete(copy, links)).toBe(false)
    makeLibraryLinks(copy, links)
    expect(linksAreComplete(copy, links)).toBe(true)
    makeLibraryLinks(copy, links) // again: no harm
    expect(execFileSync(path.join(copy, 'bin/initdb'), ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL')
  })

  describe.runIf(process.getuid?.() === 0)('programs in a checkout that only root may enter', () => {
    const account = findDatabaseAccount()
    const { native, ...rest } = findPackagedBinaries()
    const hidden = path.join(directory, 'hidden')

    it('the programs run from a copy that everybody may read and only root can change', async () => {
      cpSync(native, hidden, { recursive: true, verbatimSymlinks: true })
      execFileSync('chmod', ['-R', 'go-rwx', hidden])
      const runtime = prepareRuntime(account, directory, { ...rest, native: hidden }, system)
      expect(runtime.startsWith(system)).toBe(true)
      expect(prepareRuntime(account, directory, { ...rest, native: hidden }, system)).toBe(runtime)
      const own = path.join(directory, 'own')
      mkdirSync(own, { mode: 0o700 })
      expect(await initialiseCluster({ native: runtime, account }, own, 'secret')).toBe(path.join(own, 'cluster'))
    })

    it('the programs are not copied to a directory that others can write to', () => {
      chmodSync(system, 0o777)
      expect(() => prepareRuntime(account, directory, { ...rest, native: hidden }, system)).toThrow(
        'only root can write to',
      )
    })
  })

  it('programs that cannot be started are reported with a sentence', async () => {
    const programs = { native: path.join(directory, 'nowhere'), account: undefined }
    await expect(initialiseCluster(programs, directory, 'secret')).rejects.toThrow(
      /could not be created: .*ENOENT[\s\S]*Nothing was kept/,
    )
    const address = { port: 1, password: 'secret' }
    await expect(
      startPostgresServer(programs, directory, address, { logFile: path.join(directory, 'log') }),
    ).rejects.toThrow(/PostgreSQL did not start: .*ENOENT/)
  })
})
