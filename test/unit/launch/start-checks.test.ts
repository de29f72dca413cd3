import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fingerprint } from '~/launch/build/fingerprint'
import { productionBuild } from '~/launch/build/production-build'
import { checkMachine } from '~/launch/machine/check-machine'
import { ensurePrivateDirectory } from '~/launch/machine/private-files'
import { generatedSecrets } from '~/launch/secrets'
import { createShutdown } from '~/launch/shutdown'
import { deferred } from '~test/support/deferred'

const directory = mkdtempSync(path.join(tmpdir(), 'start checks '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('the check of the machine', () => {
  const empty: NodeJS.ProcessEnv = { PATH: directory, NODE_ENV: 'test' }

  it("names the sandbox's tools that are missing, and how to install them", () => {
    const check = () => checkMachine({ sandbox: true }, empty, '20.19.0')
    expect(check).toThrow('lacks: bash, curl, openssl, git')
    expect(check).toThrow('apt-get install bash curl openssl git')
  })

  it('requires no such tools without the sandbox', () => {
    checkMachine({ sandbox: false }, empty, '22.0.0')
  })

  it('refuses a Node.js that is too old', () => {
    expect(() => checkMachine({ sandbox: false }, empty, '20.18.3')).toThrow('Node.js 20.18.3 is too old: 20.19')
  })
})

describe('generated secrets', () => {
  it('are made once, and readable only by their owner', () => {
    const dataDir = path.join(directory, 'data')
    const first = generatedSecrets(dataDir)
    expect(first.callback).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length)
    expect(generatedSecrets(dataDir)).toEqual(first)
    expect(statSync(path.join(dataDir, 'secrets/callback')).mode & 0o777).toBe(0o600)
    writeFileSync(path.join(dataDir, 'secrets/auth'), '')
    expect(() => generatedSecrets(dataDir)).toThrow('is empty')
  })

  it('are in a directory that becomes private even if it was open before', () => {
    const open = path.join(directory, 'open')
    mkdirSync(open)
    chmodSync(open, 0o755)
    ensurePrivateDirectory(open)
    expect(statSync(open).mode & 0o777).toBe(0o700)
  })
})

describe('the production build', () => {
  const checkout = path.join(directory, 'checkout')
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true })
    writeFileSync(path.join(checkout, file), content)
  }

  // A stand-in for Next that writes an output and can then fail.
  const fakeNext = `require('fs').mkdirSync('.next',{recursive:true});require('fs').writeFileSync('.next/BUILD_ID','x');require('fs').mkdirSync('.next/node_modules',{recursive:true});require('fs').mkdirSync('.next/static',{recursive:true});require('fs').mkdirSync('.next/server/chunks',{recursive:true});require('fs').writeFileSync('.next/server/chunks/a.js','chunk');`

  it('is up to date only if it is complete and made from the current sources', async () => {
    write('src/app/page.tsx', 'one')
    write('src/launch/start.ts', 'one')
    write('node_modules/next/dist/bin/next', fakeNext)
    const make = () => productionBuild(checkout).make({ ...process.env }, new AbortController().signal)
    const fits = () => productionBuild(checkout).fits

    expect(fits()).toBe(false)
    await make()
    expect(fits()).toBe(true)
    write('src/launch/start.ts', 'two')
    expect(fits()).toBe(true)
    write('src/app/page.tsx', 'two')
    expect(fits()).toBe(false)

    write('node_modules/next/dist/bin/next', `${fakeNext}console.log('what is wrong');process.exit(3)`)
    await expect(make()).rejects.toThrow('The production build failed (exit 3):\nwhat is wrong')
    write('src/app/page.tsx', 'one')
    expect(fits()).toBe(false)
  })

  it.each([
    ['its packages are deleted', () => rmSync(path.join(checkout, '.next/node_modules'), { recursive: true })],
    ['a chunk is deleted', () => rmSync(path.join(checkout, '.next/server/chunks/a.js'))],
    ['a chunk is truncated', () => write('.next/server/chunks/a.js', 'ch')],
    ['its id is deleted', () => rmSync(path.join(checkout, '.next/BUILD_ID'))],
  ])('does not fit once %s', async (_, damage) => {
    write('node_modules/next/dist/bin/next', fakeNext)
    await productionBuild(checkout).make({ ...process.env }, new AbortController().signal)
    expect(productionBuild(checkout).fits).toBe(true)
    damage()
    expect(productionBuild(checkout).fits).toBe(false)
  })

  it('still fits after Next has stored route answers while serving', async () => {
    write('node_modules/next/dist/bin/next', fakeNext)
    await productionBuild(checkout).make({ ...process.env }, new AbortController().signal)
    write('.next/server/route-cache/APP_ROUTE/icon.svg.body', '<svg/>')
    expect(productionBuild(checkout).fits).toBe(true)
  })

  it('tells files apart by name and content', () => {
    write('a', '1')
    write('b', '2')
    const before = fingerprint(checkout, ['a', 'b'], [])
    expect(fingerprint(checkout, ['a', 'b'], [])).toBe(before)
    write('a', '2')
    write('b', '1')
    expect(fingerprint(checkout, ['a', 'b'], [])).not.toBe(before)
  })
})

describe('a start that is stopped', () => {
  it('waits for the end of work that the signal ends, such as a build, before it stops the parts', async () => {
    const events: string[] = []
    const shutdown = createShutdown()
    shutdown.add('database', () => void events.push('database stopped'))
    const build = deferred()
    shutdown.signal.addEventListener('abort', () => events.push('build told to end'))
    const fails = async () => {
      await build.promise
      throw new Error('aborted')
    }
    shutdown.waitFor(fails())
    shutdown.ask({ kind: 'signal', signal: 'SIGINT' })
    const stopped = shutdown.stopAll()
    await new Promise(setImmediate)
    events.push('build ended')
    build.resolve()
    expect(await stopped).toEqual([])
    expect(events).toEqual(['build told to end', 'build ended', 'database stopped'])
  })
})

describe('a script of package.json that needs the Prisma client', () => {
  const { scripts } = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../package.json'), 'utf8'))

  it.each(['worker', 'console', 'bench', 'fuzz'])('generates the client before npm run %s loads it', (name) => {
    expect(scripts[name]).toMatch(/--import tsx --import \.\/src\/launch\/generate-client\.ts (src|test)\//)
  })
})
