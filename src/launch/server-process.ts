import { get } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import { readConfig } from '~/server/platform/config'
import { isSocketPath, reachableFromHere } from '~/server/platform/network-settings'
import type { Log } from '~/server/platform/open-log'
import { STOP_WITHIN_MS, type SupervisedProcess, superviseProcess, waitForReady } from './machine/supervised-process.ts'

/** pino's number for "warn". */
const WARN = 40

const logLine = z.object({ level: z.number() })

/**
 * What /api/health/ready says of a server that works, except for a problem that an operator has to solve, such as a clock that is off. The
 * log names the problem.
 */
const usable = z.object({
  database: z.literal('reachable'),
  migrations: z.literal('applied'),
  draining: z.literal(false),
})

export interface ServerPlan {
  readonly mode: 'production' | 'development'
  readonly projectDirectory: string
  /** The listening address, or the path of a unix socket. */
  readonly host: string
  readonly port: number
  readonly log: Pick<Log, 'write'>
  /** Where the log is, for messages. */
  readonly logPlace: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onStarted: (process: SupervisedProcess) => void
  readonly onLine: (line: string) => void
}

const LIMITS = { tries: 3, pauseMs: 2_000, withinMs: 120_000 }

/** Shows this many lines from the start and from the end of a failed server's output. */
const SHOWN_LINES = 10

/**
 * Starts the server and retries with growing pauses if it ends before it is ready. All tries share one time limit. Shows a
 * bounded number of lines, none of them twice.
 */
export async function startServer(plan: ServerPlan, limits = LIMITS): Promise<SupervisedProcess> {
  const deadline = performance.now() + limits.withinMs
  const output = untilReady(plan.onLine)
  let first: Error | undefined
  let tries = 0
  do {
    // A cancelled start ends the pause. The next line throws.
    if (tries > 0) await setTimeout(limits.pauseMs * tries, undefined, { signal: plan.signal }).catch(() => undefined)
    plan.signal.throwIfAborted()
    tries += 1
    try {
      const server = await startOnce({ ...plan, onLine: output.take }, deadline - performance.now())
      output.showAll()
      return server
    } catch (error) {
      plan.signal.throwIfAborted()
      first ??= error instanceof Error ? error : new Error(String(error))
      output.showNone()
    }
  } while (tries < limits.tries && performance.now() + limits.pauseMs * tries < deadline)
  const count = tries === 1 ? 'once' : `${tries} times`
  throw new Error(
    [`${first?.message} It was tried ${count}. All data is kept. Its log: ${plan.logPlace}`, ...output.last()].join(
      '\n  ',
    ),
  )
}

/** Shows the first lines of the first try, and keeps its last lines for the error. */
function untilReady(show: (line: string) => void) {
  let state: 'first' | 'none' | 'all' = 'first'
  let shown = 0
  const last: string[] = []
  return {
    take: (line: string): void => {
      if (state === 'none') return
      shown += 1
      if (state === 'all' || shown <= SHOWN_LINES) show(line)
      else if (last.push(line) > SHOWN_LINES) last.shift()
    },
    showAll: (): void => {
      state = 'all'
    },
    showNone: (): void => {
      state = 'none'
    },
    last: (): readonly string[] => last,
  }
}

/** Starts the server and waits until its readiness check passes, or says that the database answers and the migrations are applied. */
async function startOnce(plan: ServerPlan, withinMs: number): Promise<SupervisedProcess> {
  const { mode, projectDirectory, host, port } = plan
  const stopWithinMs = readConfig(plan.env).drainSeconds * 1_000 + STOP_WITHIN_MS
  const exitWithParent = pathToFileURL(path.join(projectDirectory, 'src/launch/exit-with-parent.mjs'))
  const server = superviseProcess({
    name: 'server',
    args: [
      '--import',
      `${exitWithParent.href}?stopWithinMs=${stopWithinMs}`,
      path.join(projectDirectory, 'src/launch/serve.mjs'),
      mode,
      host,
      String(port),
    ],
    cwd: projectDirectory,
    env: plan.env,
    log: plan.log,
    stopWithinMs,
    onLine: (line, from) => {
      const shown =
        mode === 'development' || from === 'stderr' ? stripVTControlCharacters(line).trim() !== '' : isWarning(line)
      if (shown) plan.onLine(line)
    },
  })
  plan.onStarted(server)
  try {
    await waitForReady<void>(server, { signal: plan.signal, withinMs }, (settle, fail) => {
      pollReady(server, plan).then(settle, fail)
    })
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function pollReady(server: SupervisedProcess, { mode, host, port, signal }: ServerPlan): Promise<void> {
  const url = `http://${isSocketPath(host) ? 'localhost' : `${reachableFromHere(host)}:${port}`}/api/health/ready`
  const gone = new AbortController()
  void server.exited.then(() => gone.abort())
  while (!signal.aborted && !gone.signal.aborted) {
    const answer = await readAnswer(url, host, AbortSignal.any([AbortSignal.timeout(60_000), signal, gone.signal]))
    const status = answer?.status ?? 0
    if (status >= 200 && status < 300) return
    if (status === 503 && usable.safeParse(parseJson(answer?.body ?? '')).success) return
    // A server that is not ready answers 503. A built server that answers 500 lacks files. In development, 500 may be a typo.
    if (status === 500 && mode === 'production') throw new Error(`The server answers 500 to ${url}.`)
    await setTimeout(100)
  }
  await new Promise<never>(() => undefined) // the caller sees the end by itself
}

/** Undefined if there is no answer. `fetch` cannot connect to a socket. */
function readAnswer(
  url: string,
  host: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string } | undefined> {
  const socketPath = isSocketPath(host) ? { socketPath: host } : {}
  return new Promise((resolve) => {
    get(url, { ...socketPath, agent: false, signal }, (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, body }),
        () => resolve(undefined),
      )
    }).on('error', () => resolve(undefined))
  })
}

function isWarning(line: string): boolean {
  if (!line.startsWith('{')) return false
  const parsed = logLine.safeParse(parseJson(line))
  return parsed.success && parsed.data.level >= WARN
}

/** Undefined if the text is not JSON. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
