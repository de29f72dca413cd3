import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, isPortFree } from '~/launch/machine/ports'
import { isAlive } from '~/launch/machine/process-state'
import { descendantsOf } from '~test/support/process-tree'
import { withoutConsoleSettings } from '~test/support/start-product'
import { stepsOf } from '~test/support/test-steps'

const root = path.resolve(import.meta.dirname, '../../..')
const contentsOf = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** A test elsewhere that runs what the command runs, and the file with the line that does. */
interface Elsewhere {
  readonly file: string
  readonly test: string
  readonly by: string
  readonly runs: string
}

/** What this test runs for a command, the test that runs the same program, or why no test can. */
type Shown = { readonly run: string } | Elsewhere | { readonly reason: string }

const COMMANDS: Readonly<Record<string, Shown>> = {
  'npm run bench': { run: 'npm run bench -- --quick' },
  'npm run fuzz': { run: 'npm run fuzz -- --count=100' },
  // The lint step reports what lint would fix.
  'npm run format': { run: 'npm run format -- --linter-enabled=false' },
  'npm start': { run: 'npm start' },
  'npm run worker': { run: 'npm run worker' },
  'npm run sandbox -- surface console slow': { run: 'npm run sandbox -- surface console slow' },
  'npm run sandbox -- freeze "release week"': { run: 'npm run sandbox -- freeze "release week"' },
  'npm run console -- --help': { run: 'npm run console -- --help' },
  'npm run console -- check': {
    file: 'test/integration/surfaces/check.test.ts',
    test: 'finds nothing broken, and npm run console -- check says so',
    by: 'test/support/call-console.ts',
    runs: 'src/launch/commands/console.ts',
  },
  'npm run -s console -- callback-secret <owner/name>': { run: 'npm run -s console -- callback-secret acme/platform' },
  'npm run dev': { run: 'npm run dev' },
  'GITHUB_DISPATCH_TOKEN=… SURFACES_FILE=my-surfaces.yaml npm start': {
    file: 'test/integration/launch/launch.test.ts',
    test: 'npm start with a real GitHub',
    by: 'test/support/start-product.ts',
    runs: 'src/launch/start.ts',
  },
  'npx prisma migrate dev --name …': {
    file: 'test/integration/schema-engine/prisma-commands.test.ts',
    test: 'migrate dev writes and applies the first migration',
    by: 'test/integration/schema-engine/prisma-commands.test.ts',
    runs: 'migrate dev --name',
  },
  'npm ci': { reason: 'its packages are those that this test runs with' },
  'npm test': { reason: 'this test is part of it' },
  'npm run check': { reason: 'its steps are the first ones of npm test' },
  'npm run test:replicas': { reason: 'it installs HAProxy, and takes four minutes' },
  'npm run test:lighthouse': { reason: 'it fetches Lighthouse, and takes ten minutes' },
  'npm run test:firefox': { reason: 'it installs Firefox' },
  'npm run screenshots': { reason: 'it needs a browser, and replaces the pictures of docs/screens' },
}

/** Every command of the README, in fenced blocks and in the text. `a && b` counts as two. */
function readmeCommands(): readonly string[] {
  const readme = contentsOf('README.md')
  const fenced = [...readme.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'))
  const inline = [...readme.matchAll(/`((?:[A-Z_]+=\S+ )*(?:npm|npx|node|git) [^`]+)`/g)].map(([, found = '']) => found)
  return [...fenced, ...inline].flatMap((line) => line.split(' && '))
}

it('each command of the README is run by a test, or the list says why no test can run it', () => {
  expect([...new Set(readmeCommands())].sort()).toEqual(Object.keys(COMMANDS).sort())
  const scripts = contentsOf('package.json')
  for (const [command, shown] of Object.entries(COMMANDS)) {
    if (!('file' in shown)) continue
    const { file, test, by, runs } = shown
    expect(contentsOf(file)).toContain(test)
    if (by !== file) expect(contentsOf(file)).toContain(`'~${by.replace(/\.ts$/, '')}'`)
    expect(contentsOf(by)).toContain(runs)
    if (!command.includes(runs)) expect(scripts).toContain(runs)
  }
})

it('npm run check runs only steps of npm test', () => {
  const plan = { reports: '/reports', browser: undefined }
  const steps = (fast: boolean) => stepsOf({ ...plan, fast }).flat()
  expect(steps(false)).toEqual(expect.arrayContaining(steps(true)))
})

describe('the commands of the README in a fresh clone', { timeout: 600_000 }, () => {
  let directory: string
  let clone: string
  let port: number
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    // Not in memory, but on the disk of the packages if possible, so that hard links suffice.
    directory = mkdtempSync(path.join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'deploy-console-readme-'))
    clone = path.join(directory, 'clone')
    execFileSync('git', ['clone', '--quiet', root, clone])
    // A clone after `npm ci` has its files and the packages. A second `npm ci` would give the same and take minutes.
    const copy = 'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1" && cp -a "$0" "$1"; }'
    execFileSync('bash', ['-c', copy, path.join(root, 'node_modules'), path.join(clone, 'node_modules')])
    // `npm test` has just made the build with the code that these commands use, so the clone gets a copy.
    const build = path.join(root, '.next')
    // The end-to-end tests, which run beside this one, serve from it and add answers of routes.
    const leftOut = ['cache', 'dev', 'server/route-cache']
    const counts = (file: string) => !leftOut.includes(path.relative(build, file))
    if (existsSync(build)) {
      cpSync(build, path.join(clone, '.next'), { recursive: true, verbatimSymlinks: true, filter: counts })
    }
    port = await freePort()
    env = { ...withoutConsoleSettings(process.env), PORT: String(port), CI: '1' }
    for (const name of Object.keys(env)) if (/^(npm_|VITEST)/.test(name)) Reflect.deleteProperty(env, name)
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))

  /** Starts the command in its own process group, as a shell does. */
  const begin = (command: string) => {
    const shown = COMMANDS[command]
    if (shown === undefined || !('run' in shown)) throw new Error(`${command} is not in the list of commands to run.`)
    const child = spawn('bash', ['-c', `exec ${shown.run}`], {
      cwd: clone,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk))
    }
    return { child, said: () => said.join(''), closed: once(child, 'close').then(() => child.exitCode) }
  }
  const run = async (command: string) => {
    const { said, closed } = begin(command)
    expect(await closed, `${command}\n${said()}`).toBe(0)
    return said()
  }
  /** Runs the command until it prints `says`, does `work`, and ends the command as a terminal does on Ctrl-C. */
  const runUntilReady = async (command: string, says: RegExp, work: () => Promise<void> = async () => undefined) => {
    const { child, said, closed } = begin(command)
    const pid = child.pid ?? 0
    let started: readonly number[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout.on('data', () => says.test(said()) && resolve())
        void closed.then((code) => reject(new Error(`${command} ended (${code}) without ${says}:\n${said()}`)))
      })
      await work()
      started = descendantsOf(pid).map((entry) => entry.pid)
    } finally {
      if (child.exitCode === null) process.kill(-pid, 'SIGINT')
    }
    // The shell between npm and the program gets the signal too. If the signal ends the shell, npm ends by the signal.
    expect([0, 'SIGINT'], `${command}\n${said()}`).toContain((await closed) ?? child.signalCode)
    expect(started.length).toBeGreaterThan(0)
    expect(started.filter(isAlive), said()).toEqual([])
    return said()
  }
  const withoutClient = () =>
    rmSync(path.join(clone, 'src/server/platform/generated'), { recursive: true, force: true })

  it('the benchmark runs right after npm ci', async () => {
    withoutClient()
    expect(await run('npm run bench')).toContain('dispatch, four at once')
  })

  it('the fuzzer runs right after npm ci', async () => {
    withoutClient()
    expect(await run('npm run fuzz')).toContain('server faults: 0')
  })

  it('npm start and the commands beside it work, and Ctrl-C in a terminal ends them all', async () => {
    withoutClient()
    const said = await runUntilReady('npm start', /Deploy Console is ready: http/, async () => {
      await runUntilReady('npm run worker', /The worker runs/)
      expect(await run('npm run console -- --help')).toContain('callback-secret')
      expect(await run('npm run sandbox -- surface console slow')).toContain('behaves as "slow"')
      await run('npm run sandbox -- freeze "release week"')
      expect(await run('npm run -s console -- callback-secret <owner/name>')).toMatch(/^whsec_\S+\n$/)
    })
    expect(said).toContain('Everything is stopped; all data is kept.')
    expect(await isPortFree(port)).toBe(true)
  })

  it('npm run dev starts, and Ctrl-C in a terminal ends all of its processes', async () => {
    const said = await runUntilReady('npm run dev', /Deploy Console is ready: http/)
    expect(said).toContain('Everything is stopped; all data is kept.')
    expect(await isPortFree(port)).toBe(true)
  })

  it('npm run format changes nothing, and no command writes a file that git does not ignore', async () => {
    await run('npm run format')
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' })).toBe('')
  })
})
