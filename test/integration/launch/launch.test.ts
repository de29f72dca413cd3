import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programArgs } from '~/launch/build/programs'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { isPortFree } from '~/launch/machine/ports'
import { isAlive } from '~/launch/machine/process-state'
import { waitFor } from '~/launch/machine/wait-for'
import { printedLink } from '~/launch/printed-link'
import { hasTerminal } from '~/launch/terminal.mjs'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { descendant, descendantsOf } from '~test/support/process-tree'
import { launchProduct, type Product, startProduct, withoutConsoleSettings } from '~test/support/start-product'

const START = 180_000
const root = path.resolve(import.meta.dirname, '../../..')

/** How each program that npm start starts looks in a list of processes. */
const PROGRAMS = {
  server: /src\/launch\/serve\.mjs/,
  sandbox: /sandbox[-/]main/,
  database: /bin\/postgres -D/,
} as const

describe('npm start with a real GitHub and DATABASE_URL', { timeout: START }, () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-real-'))
  const surfacesFile = path.join(directory, 'surfaces.yaml')
  const surface = {
    id: 'api',
    name: 'API',
    environment: 'staging',
    repository: 'acme/platform',
    workflow: 'deploy.yml',
  }
  const answers = { url: 'https://api.example.com', health_url: 'https://api.example.com/health' }
  writeFileSync(surfacesFile, JSON.stringify({ surfaces: [{ ...surface, ...answers }] }))
  const logFile = path.join(directory, 'log/server.log')
  let console_: TestConsole
  let product: Product
  beforeAll(async () => {
    console_ = await createTestConsole()
    await insertSurface(console_.deps, { id: 'stored' })
    // Writing to /dev/full fails as on a full disk.
    mkdirSync(path.dirname(logFile))
    symlinkSync('/dev/full', logFile)
    product = await startProduct({
      dataDir: path.join(directory, 'data'),
      env: {
        DATABASE_URL: console_.deps.config.databaseUrl,
        GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
        GITHUB_DISPATCH_TOKEN: 'test-token',
        SURFACES_FILE: surfacesFile,
        IN_PROCESS_WORKER: 'off',
        LOG_FILE: logFile,
      },
    })
  }, START)
  afterAll(async () => {
    await product.stop()
    await console_.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('npm start prints a link that creates the first admin, and no link once there is an admin', async () => {
    const link = new URL(await product.printedLink())
    expect(product.output()).toContain('Create the first admin, once and within 30 minutes')
    const token = link.pathname.slice('/setup/'.length)
    const answer = await fetch(new URL('/api/auth/links/accept', link), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: link.origin },
      body: JSON.stringify({ token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }),
    })
    expect(answer.status).toBe(200)
    expect(await printedLink(console_.deps.config.databaseUrl, false), 'the link of the next start').toBeNull()
  })

  it('npm start says that surfaces.yaml differs, and goes on with the stored surfaces', async () => {
    expect(product.output()).toContain(
      'differs from the stored surfaces: added: api; no longer declared: stored. This start changed no surface',
    )
    const stored = await console_.deps.db.surface.findMany({ select: { id: true, archivedAt: true } })
    expect(stored).toEqual([{ id: 'stored', archivedAt: null }])
  })

  /** The server logs each refused token. */
  const logLine = () => fetch(`${product.url}/api/audit/export`, { headers: { authorization: 'Bearer unknown' } })
  const expectReady = async () => expect((await fetch(`${product.url}/api/health/ready`)).status).toBe(200)

  it('a full disk for the log does not end npm start, which says so once', async () => {
    await logLine()
    await logLine()
    const says = /server\.log cannot be written \(ENOSPC\)\. Lines are lost\./g
    await waitFor(() => says.test(product.output()) || undefined, { withinMs: 20_000 })
    await expectReady()
    expect(product.output().match(says)).toHaveLength(1)
  })

  // At a terminal, SIGHUP means that it was closed.
  it.skipIf(hasTerminal())(
    'SIGHUP makes npm start reopen its log, with the lines that waited, and ends no process',
    async () => {
      rmSync(logFile)
      process.kill(descendant(product.launcher.pid ?? 0, PROGRAMS.server), 'SIGHUP')
      product.launcher.kill('SIGHUP')
      const written = await waitFor(() => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : undefined), {
        withinMs: 20_000,
      })
      expect(written).toContain('An API token was refused')
      await expectReady()
    },
  )

  it('npm start goes on and stops in order if nobody reads its output any more', async () => {
    product.launcher.stdout?.destroy()
    product.launcher.stderr?.destroy()
    await expectReady()
    expect(await product.stop()).toBe(0)
  })
})

describe('npm start', { timeout: START }, () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'deploy console data '))
  let product: Product
  beforeAll(async () => {
    product = await startProduct({ dataDir })
    await onDatabase('CREATE TABLE kept AS SELECT 42 AS answer')
  }, START)
  afterAll(async () => {
    await product.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }, START)

  const onDatabase = async (sql: string) => {
    const url = (await runningDatabase(path.join(dataDir, 'postgres'), 'sandbox'))?.ownerUrl
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }
  const expectRunning = async () => {
    expect((await fetch(`${product.url}/api/health/ready`)).status).toBe(200)
    expect(await onDatabase('SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  }

  it('npm start serves the console, and ends its output with the address and a link that signs in', async () => {
    await expectRunning()
    const link = await product.printedLink()
    expect(link).toMatch(new RegExp(`^${product.url}/setup/[\\w-]{43}$`))
    const [ready, last] = product.output().split('\n').slice(-2)
    expect(ready).toContain(`Deploy Console is ready: ${product.url}`)
    expect(last).toContain(link)
  })

  it('setup-link prints a new link, and the earlier link no longer works', async () => {
    const before = await product.printedLink()
    const args = ['--conditions=react-server', ...programArgs(root, 'src/launch/commands/console.ts'), 'setup-link']
    const env = { ...withoutConsoleSettings(process.env), DATA_DIR: dataDir }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
    const [link = ''] = stdout.split('\n')
    expect(link).toMatch(new RegExp(`^${product.url}/setup/[\\w-]{43}$`))
    expect(await (await fetch(before)).text()).toContain('This link does not work')
    expect(await (await fetch(link)).text()).toContain('Start the sandbox')
    expect(await (await fetch(link)).text(), 'opening the link does not use it up').toContain('Start the sandbox')
  })

  it('no process of npm start has a secret in its arguments', () => {
    const commands = descendantsOf(product.launcher.pid ?? 0).map(({ command }) => command)
    expect(commands.join('\n')).not.toMatch(/whsec_|postgres(ql)?:\/\//)
  })

  it('a second npm start on the same data is refused and says where the first one is', async () => {
    const second = launchProduct({ DATA_DIR: dataDir })
    expect(await second.exited).toBe(1)
    expect(second.output()).toContain(`is already running on ${dataDir}. The console is at ${product.url}`)
    expect(second.output(), 'the refused start had nothing to stop').not.toContain('stopped')
    await expectRunning()
  })

  it('npm start with credentials for GitHub is refused on the database of a sandbox, and says what to do', async () => {
    const url = (await runningDatabase(path.join(dataDir, 'postgres'), 'sandbox'))?.ownerUrl
    const own = mkdtempSync(path.join(tmpdir(), 'deploy-console-test-'))
    const surfacesFile = path.join(own, 'surfaces.yaml')
    const address = 'http://127.0.0.1:9'
    const surface = {
      id: 'docs',
      name: 'Docs',
      environment: 'staging',
      repository: 'acme/docs',
      workflow: 'deploy.yml',
    }
    writeFileSync(surfacesFile, JSON.stringify({ surfaces: [{ ...surface, url: address, health_url: address }] }))
    const real = launchProduct({
      DATA_DIR: own,
      DATABASE_URL: url ?? '',
      GITHUB_DISPATCH_TOKEN: 'test-token',
      SURFACES_FILE: surfacesFile,
    })
    expect(await real.exited).toBe(1)
    expect(real.output()).toMatch(
      /This database belongs to a sandbox console.* Nothing was started, and no data was changed\. Set DATABASE_URL to another database/,
    )
    rmSync(own, { recursive: true, force: true })
    await expectRunning()
  })

  it('npm start on a taken PORT is refused and names a free one', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const own = mkdtempSync(path.join(tmpdir(), 'deploy-console-test-'))
    const second = launchProduct({ DATA_DIR: own, PORT: String(port) })
    expect(await second.exited).toBe(1)
    expect(second.output()).toMatch(new RegExp(`Port ${port} is taken .* set PORT to another port \\(\\d+ is free\\)`))
    other.close()
    rmSync(own, { recursive: true, force: true })
  })

  it.each(['server', 'sandbox', 'database'] as const)(
    'npm start stops everything and says why when the %s is killed, and the next start works again',
    async (name) => {
      const launcher = product.launcher.pid ?? 0
      const started = descendantsOf(launcher).map(({ pid }) => pid)
      process.kill(descendant(launcher, PROGRAMS[name]), 'SIGKILL')
      expect(await product.exited).toBe(1)
      expect(product.output()).toMatch(new RegExp(`[Tt]he ${name} ended by itself \\(signal SIGKILL\\)`))
      expect(started.filter(isAlive)).toEqual([])
      product = await startProduct({ dataDir })
      await expectRunning()
    },
  )

  it('killing npm start leaves no server and no sandbox, and the next start takes the database over', async () => {
    const launcher = product.launcher.pid ?? 0
    const server = descendant(launcher, PROGRAMS.server)
    const sandbox = descendant(launcher, PROGRAMS.sandbox)
    const database = descendant(launcher, PROGRAMS.database)
    process.kill(launcher, 'SIGKILL')
    const gone = () => ([launcher, server, sandbox].some(isAlive) ? undefined : true)
    expect(await waitFor(gone, { withinMs: 30_000 })).toBe(true)
    expect(isAlive(database)).toBe(true)
    product = await startProduct({ dataDir })
    expect(product.output()).toContain('was still running')
    await expectRunning()
  })

  it('another Ctrl-C stops everything at once, and all data is kept', async () => {
    const launcher = product.launcher.pid ?? 0
    const started = descendantsOf(launcher).map(({ pid }) => pid)
    process.kill(descendant(launcher, PROGRAMS.server), 'SIGSTOP')
    const began = performance.now()
    const impatient = setInterval(() => product.launcher.kill('SIGINT'), 400)
    await product.exited
    clearInterval(impatient)
    expect(performance.now() - began, 'the server would get fifteen seconds').toBeLessThan(14_000)
    expect(product.output()).toContain('Stopping … (Ctrl-C again stops it at once)')
    expect(product.output().match(/Stopping at once/g)).toHaveLength(1)
    expect(product.output()).toContain('all data is kept')
    expect(started.filter(isAlive)).toEqual([])
    product = await startProduct({ dataDir })
    await expectRunning()
  })

  it('Ctrl-C ends npm start with 0 and leaves nothing running', async () => {
    const started = descendantsOf(product.launcher.pid ?? 0).map(({ pid }) => pid)
    expect(await product.stop()).toBe(0)
    expect(product.output().split('\n').at(-1)).toContain('Everything is stopped; all data is kept.')
    expect(started.filter(isAlive)).toEqual([])
    expect(await isPortFree(Number(new URL(product.url).port))).toBe(true)
  })
})
