import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programArgs } from '~/launch/build/programs'
import { startEmbeddedPostgres } from '~/launch/database/embedded-postgres'
import { sealAudit } from '~/server/audit/seal-audit'
import { insertAuditRows } from '~test/support/audit-rows'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { createEmptyTestDatabase } from '~test/support/database'
import { onDatabase } from '~test/support/migrated-template'
import { prisma } from '~test/support/prisma-project'
import { withoutConsoleSettings } from '~test/support/start-product'

const root = path.resolve(import.meta.dirname, '../../..')
const directory = mkdtempSync(path.join(tmpdir(), 'console command '))
let console_: TestConsole

beforeAll(async () => {
  console_ = await createTestConsole()
  await insertAuditRows(console_.deps, 25, new Date('2026-01-01T00:00:00Z'))
  await sealAudit(console_.deps)
})
afterAll(async () => {
  await console_.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Runs `npm run console -- …` as its own process. */
async function call(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', ...programArgs(root, 'src/launch/commands/console.ts'), ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutConsoleSettings(process.env), DATABASE_URL: console_.deps.config.databaseUrl, ...env },
    },
  )
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}

describe('npm run console', () => {
  it('--version prints the version, and the commit or that it is unknown, without a database', async () => {
    const { code, out } = await call(['--version'], { DATABASE_URL: '', CONSOLE_COMMIT: 'abcdef1' })
    expect([code, out]).toEqual([0, expect.stringMatching(/^Deploy Console \d+\.\d+\.\d+, commit abcdef1\n$/)])
  })

  it('audit verify reports an intact trail and exits with 0', async () => {
    const { code, out, err } = await call(['audit', 'verify'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^The audit trail is whole: 25 rows sealed, 0 waiting for their seal\.\nHead: [0-9a-f]{64} \(row 25, sealed 2/,
    )
  })

  it('audit checkpoint prints a checkpoint that audit verify accepts, and rejects when changed', async () => {
    const { code, out } = await call(['audit', 'checkpoint'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ seq: '25', audit_event_id: '25' })
    writeFileSync(path.join(directory, 'kept.json'), out)
    // The path is relative to the operator's directory, where npm does not run the command.
    const held = await call(['audit', 'verify', '--checkpoint', 'kept.json'], { INIT_CWD: directory })
    expect(held).toMatchObject({ code: 0, out: expect.stringContaining('It contains the checkpoint of 2') })

    writeFileSync(path.join(directory, 'other.json'), out.replace(/"hash":"[0-9a-f]{8}/, '"hash":"00000000'))
    const contradicted = await call(['audit', 'verify', '--checkpoint', path.join(directory, 'other.json')])
    expect(contradicted).toMatchObject({ code: 1, out: expect.stringMatching(/^BROKEN: row 25, seal 25: checkpoint_/) })
  })

  it('the example in docs/operations/run.md verifies the output of audit records without the console, and finds a change', async () => {
    const guide = readFileSync(path.join(root, 'docs/operations/run.md'), 'utf8')
    const [, script = ''] = /node --input-type=module -e '(.*?)' < audit\.txt/s.exec(guide) ?? []
    const { code, out } = await call(['audit', 'records'])
    expect({ code, lines: out.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 25 })
    const verify = (input: string) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { input, encoding: 'utf8' })
    const head = out.trimEnd().split('\n').at(-1)?.slice(0, 64)
    expect(verify(out)).toMatchObject({ status: 0, stdout: `whole, up to ${head}\n` })
    expect(verify(out.replace('"id":"9"', '"id":"8"')).status).toBe(1)
  })

  it('audit verify names the first row that a superuser changed and exits with 1', async () => {
    await onDatabase(console_.deps.config.databaseUrl, async (client) => {
      await client.query('ALTER TABLE audit_events DISABLE TRIGGER ALL')
      await client.query(`UPDATE audit_events SET actor = 'nobody' WHERE id IN (7, 11)`)
    })
    const { code, out } = await call(['audit', 'verify'])
    expect(code).toBe(1)
    expect(out).toMatch(/^BROKEN: row 7, seal 7: row_changed: .*\nThe 6 rows before this row are intact\.\n$/)
  })

  it.each([
    [[]],
    [['audit']],
    [['audit', 'verify', '--fast']],
    [['audit', 'verify', '--checkpoint', '/nonexistent/checkpoint.json']],
    [['audit', 'verify', '--checkpoint', 'package.json']],
  ])('the arguments %j are refused with a sentence, the usage and exit code 2', async (args) => {
    const { code, out, err } = await call(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^[^\n]+\n\nUsage: npm run console -- /)
  })

  it.each([[['--help']], [['audit', 'verify', '--help']]])('the arguments %j need no database', async (args) => {
    const { code, out } = await call(args, { DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' })
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('audit verify') })
  })

  it("a database without this version's migrations is reported, and the command exits with 1", async () => {
    const empty = await createEmptyTestDatabase()
    const { code, err } = await call(['audit', 'verify'], { DATABASE_URL: empty.url })
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^The database lacks \d+ migrations .*npm start/),
    })
    await empty.drop()
  })

  it('a database that does not answer is reported without its password', async () => {
    const { code, err } = await call(['audit', 'verify'], { DATABASE_URL: 'postgresql://a:hunter2@127.0.0.1:9/none' })
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('cannot be used') })
    expect(err).not.toContain('hunter2')
  })
})

describe('npm run console without DATABASE_URL', () => {
  const dataDir = path.join(directory, 'data')
  const env = { DATABASE_URL: '', DATA_DIR: dataDir }

  it('without an embedded database, the command refers to npm start', async () => {
    expect(await call(['audit', 'verify'], env)).toMatchObject({ code: 1, err: expect.stringContaining('npm start') })
  })

  it('the command uses the embedded database while it runs, and otherwise starts it for the command', async () => {
    const database = await startEmbeddedPostgres(path.join(dataDir, 'postgres'), 'sandbox', {
      logFile: path.join(directory, 'postgres.log'),
    })
    expect(await prisma(root, database.ownerUrl, ['migrate', 'deploy'])).toMatchObject({ code: 0 })
    const whole = { code: 0, out: expect.stringMatching(/^The audit trail is whole/) }
    expect(await call(['audit', 'verify'], env)).toMatchObject({ ...whole, err: '' })
    await database.stop()
    const borrowed = await call(['audit', 'verify'], env)
    expect(borrowed).toMatchObject({ ...whole, err: expect.stringContaining('Starting it for this command') })
  })
})
