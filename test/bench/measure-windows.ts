import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import { percentileOf } from '~test/bench/load'
import { prepareRunning, sendCallback, signCallbacks } from '~test/bench/prepare'
import { withOwnDeps } from '~test/bench/yardsticks'
import { signedInAs } from '~test/support/sessions'

const DEPLOYS = 5
/** The limit of streams per account. */
const PER_ACCOUNT = 12
/** sysconf(_SC_CLK_TCK) on Linux. */
const TICKS_A_SECOND = 100

export interface WindowFigures {
  readonly windows: number
  /** Core milliseconds per window and minute, of server and PostgreSQL together. */
  readonly cpuPerWindowMinute: number
  /** Cores in use with all windows open, including the work for the prober and the callbacks. */
  readonly cores: number
  /** Resident megabytes of the server process. */
  readonly memory: number
  /** Milliseconds from sending a callback until its event arrives. */
  readonly p50: number
  readonly p95: number
}

export interface WindowSize {
  readonly surfaces: number
  readonly windows: readonly number[]
  readonly seconds: number
}

/** Windows that follow a grid while five deploys report. The load without any window is subtracted. */
export async function measureWindows(
  product: ConsoleUnderTest,
  db: pg.Client,
  { surfaces, windows, seconds }: WindowSize,
): Promise<WindowFigures[]> {
  await insertSurfaces(db, { prefix: 'window-', count: surfaces, archived: false, origin: product.gitHubOrigin })
  const alone = await cpuOver(product, db, seconds, await reports(product, db, 'alone-'))
  const figures: WindowFigures[] = []
  for (const count of windows) {
    const callbacks = await reports(product, db, `told-${count}-`)
    const open = await openStreams(product, count)
    const heard = open.first.until
    const latencies: number[] = []
    const told = callbacks.map(({ send, deployId }) => ({
      send: async () => {
        const event = heard(deployId)
        const sentAt = performance.now()
        await send()
        await event
        latencies.push(performance.now() - sentAt)
      },
    }))
    const used = await cpuOver(product, db, seconds, told)
    figures.push({
      windows: count,
      cpuPerWindowMinute: ((used - alone) * 60_000) / count,
      cores: used,
      memory: residentMegabytes(product.pid),
      p50: percentileOf(latencies, 0.5),
      p95: percentileOf(latencies, 0.95),
    })
    open.close()
  }
  return figures
}

interface Report {
  readonly send: () => Promise<void>
}

/** The callbacks of five deploys, one of each deploy in turn. */
async function reports(product: ConsoleUnderTest, db: pg.Client, prefix: string) {
  const deploys = await prepareRunning(db, prefix, DEPLOYS)
  const lives = deploys.map((deploy) =>
    signCallbacks(product.callbackSecret, deploy).map((request) => ({ deploy, request })),
  )
  const inTurn = (lives[0] ?? []).flatMap((_, step) => lives.flatMap((life) => life[step] ?? []))
  return inTurn.map(({ deploy, request }) => ({ deployId: deploy.id, send: () => sendCallback(product, request) }))
}

/** The average number of cores in use while the callbacks are sent at an even rate. */
async function cpuOver(
  product: ConsoleUnderTest,
  db: pg.Client,
  seconds: number,
  callbacks: readonly Report[],
): Promise<number> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / callbacks.length))
  const { rows } = await db.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL')
  const before = new Map([product.pid, ...rows.map(({ pid }) => pid)].map((pid) => [pid, cpuSeconds(pid)]))
  const from = performance.now()
  for (const { send } of callbacks) {
    await send()
    await pause()
  }
  // A process that has ended, such as an autovacuum worker, counts as 0.
  const used = [...before].reduce((sum, [pid, was]) => sum + Math.max(0, cpuSeconds(pid) - was), 0)
  return used / ((performance.now() - from) / 1000)
}

function cpuSeconds(pid: number): number {
  try {
    // utime and stime are fields 14 and 15 (proc(5)), counted after the name, which may contain spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
  } catch {
    return 0
  }
}

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

async function openStreams(product: ConsoleUnderTest, count: number) {
  const accounts = Array.from({ length: Math.ceil(count / PER_ACCOUNT) }, (_, n) => `window-${n}@example.com`)
  const cookies = await withOwnDeps(product, (deps) =>
    Promise.all(accounts.map((email) => signedInAs(deps, { email, role: 'viewer' }))),
  )
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const streams = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const account = Math.floor(n / PER_ACCOUNT)
      return openStream(product, agent, accounts[account] ?? '', cookies[account] ?? '')
    }),
  )
  const [first] = streams
  if (first === undefined) throw new Error('There is no window to measure with.')
  return { first, close: () => agent.destroy() }
}

/** Resolves at the first event. */
function openStream(product: ConsoleUnderTest, agent: Agent, person: string, cookie: string) {
  const input = encodeURIComponent(JSON.stringify({ person }))
  const waiting = new Map<string, () => void>()
  /** Resolves at the next event that names this deploy. */
  const until = (deployId: string) => new Promise<void>((resolve) => waiting.set(deployId, resolve))
  return new Promise<{ readonly until: typeof until }>((resolve, reject) => {
    const request = get(
      `${product.url}/api/trpc/live.watch?input=${input}`,
      { agent, headers: { cookie } },
      (answer) => {
        const lines = createInterface({ input: answer })
        // The streams are cut off at the end of the measurement.
        for (const cut of [answer, lines]) cut.on('error', () => undefined)
        lines.on('line', (line) => {
          if (!line.startsWith('data:')) return
          if (line.includes('"reload":true')) resolve({ until })
          for (const [deployId, heard] of waiting) {
            if (!line.includes(deployId)) continue
            waiting.delete(deployId)
            heard()
          }
        })
      },
    )
    request.on('error', reject)
  })
}
