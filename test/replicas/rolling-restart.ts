import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { productionBuild } from '~/launch/build/production-build'
import { freePort } from '~/launch/machine/ports'
import { startHaproxy } from '~test/replicas/haproxy'
import { startLoad } from '~test/replicas/load'
import { followStream } from '~test/replicas/streams'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { AUTH_SECRET, CALLBACK_SECRET, createTestConsole, insertDeployAt } from '~test/support/console'
import setUpDatabase from '~test/support/integration-database'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'

// `npm run test:replicas [-- --rounds=10 --rate=200 --drain=5]`: two replicas of the built product behind HAProxy, which sends no request twice,
// are restarted in turn under load. Fails if a request failed, or if a window was without its stream for more than three seconds.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200' },
    drain: { type: 'string' },
  },
})
const ROUNDS = Number(values.rounds)
const RATE = Number(values.rate)
/** Ten windows of each of two people. */
const PEOPLE = ['ada@example.com', 'grace@example.com']
const WINDOWS = 10
const LONGEST_LOSS_MS = 3_000
/** A replica compiles its code with its first requests, so the other one is not restarted at once. */
const SETTLED_MS = 8_000

const inMs = (time: number): string => `${time.toFixed(0)} ms`
const say = (text: string): void => void process.stdout.write(`${text}\n`)

if (spawnSync('haproxy', ['-v']).error !== undefined) {
  say('HAProxy is not installed; installing the package of the system …')
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'haproxy'], { stdio: 'ignore' })
}
if (!productionBuild(path.resolve(import.meta.dirname, '../..')).fits) {
  throw new Error('This test starts the built product: make the build first ("npm run build").')
}

const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-replicas-'))
const stopDatabase = await setUpDatabase()
const github = await startScriptedGitHub()
const console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
const { deps } = console_
const deployIds: string[] = []
for (let n = 0; n < 10; n += 1) deployIds.push((await insertDeployAt(deps, 'smoke_gate_started')).id)
await deps.db.surface.updateMany({ data: { healthUrl: `${github.apiUrl}/health` } })

const ports = [await freePort(), await freePort()] as const
const proxy = await startHaproxy(directory, ports)
const startReplica = (n: 0 | 1): Promise<BuiltServer> =>
  startBuiltServer({
    PORT: String(ports[n]),
    CONSOLE_URL: proxy.url,
    TRUSTED_PROXIES: '127.0.0.1',
    DATABASE_URL: deps.config.databaseUrl,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    AUTH_SECRET,
    ...(values.drain === undefined ? {} : { DRAIN_SECONDS: values.drain }),
    // All of the load comes from one address and one account.
    RATE_LIMIT_PER_MINUTE: 'off',
    LOG_LEVEL: 'error',
  })
const replicas: [BuiltServer, BuiltServer] = [await startReplica(0), await startReplica(1)]
await Promise.all([proxy.untilUp(0), proxy.untilUp(1)])

const windows = await Promise.all(
  PEOPLE.map(async (person) => ({ person, cookie: await signedInAs(deps, { email: person }) })),
)
const [first] = windows
if (first === undefined) throw new Error('Nobody is signed in.')
const streams = windows.flatMap((window) => Array.from({ length: WINDOWS }, () => followStream(proxy.url, window)))
const load = startLoad({ url: proxy.url, cookie: first.cookie, deployIds }, RATE)

const startedAt = performance.now()
await pause(SETTLED_MS)
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const n of [0, 1] as const) {
    await replicas[n].stop()
    replicas[n] = await startReplica(n)
    await proxy.untilUp(n)
    await pause(SETTLED_MS)
  }
  const lost = streams.filter((stream) => stream.isLost()).length
  const longestLoss = inMs(Math.max(...streams.map((stream) => stream.takeLongestLoss())))
  const slowest = inMs(load.takeSlowest())
  say(
    `restart ${round} of ${ROUNDS}: the slowest answer took ${slowest}, the longest loss of a stream ${longestLoss}; lost right now: ${lost}`,
  )
}
const seconds = (performance.now() - startedAt) / 1000

const sent = await load.stop()
const followed = await Promise.all(streams.map((stream) => stream.stop()))
await proxy.stop()
for (const replica of replicas) await replica.stop()
await console_.close()
await github.close()
await stopDatabase()
rmSync(directory, { recursive: true, force: true })

const failures = [...sent.failed.values()].reduce((sum, number) => sum + number, 0)
const losses = followed.flatMap((stream) => stream.losses).toSorted((a, b) => a - b)
const longest = losses.at(-1) ?? 0
say(
  `${sent.count} requests in ${seconds.toFixed(0)} s (${(sent.count / seconds).toFixed(0)} a second): ${failures} failed`,
)
for (const [problem, number] of sent.failed) say(`  ${number} × ${problem}`)
const median = losses[Math.floor(losses.length / 2)] ?? 0
say(
  `${streams.length} streams were lost ${losses.length} times: ${inMs(median)} at the median, ${inMs(longest)} at most`,
)
process.exitCode = failures === 0 && longest <= LONGEST_LOSS_MS ? 0 : 1
