import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { within } from './wait-for.ts'

const TAIL_LINES = 20
const STOP_WITHIN_MS = 15_000

interface ProcessPlan {
  readonly name: string
  /** Arguments of `node`. Never a secret: every user of the machine can read them. */
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
  /** Each line the process writes. It is in the log anyway; this decides what the operator sees. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void
}

export interface SupervisedProcess {
  readonly name: string
  readonly pid: number
  readonly child: ChildProcess
  /** Settles when it is gone: how, and the last it said. */
  readonly exited: Promise<{ readonly how: string; readonly tail: readonly string[] }>
  readonly stop: () => Promise<void>
  /** At once, with all it started. */
  readonly kill: () => void
}

/** Starts a Node program in a process group of its own: the terminal's Ctrl-C reaches the launcher, which stops it in turn. */
export function superviseProcess(plan: ProcessPlan): SupervisedProcess {
  const log = createWriteStream(plan.logFile, { flags: 'a', mode: 0o600 })
  const tail: string[] = []
  const child = spawn(process.execPath, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const follow = (stream: Readable | null, from: 'stdout' | 'stderr'): void => {
    if (stream === null) return
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`)
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      plan.onLine(line, from)
    })
  }
  follow(child.stdout, 'stdout')
  follow(child.stderr, 'stderr')
  const exited = new Promise<{ how: string; tail: readonly string[] }>((resolve) => {
    const settle = (how: string): void => {
      signalGroup(child.pid, 'SIGKILL') // whatever it started and did not end
      // Whoever is told to look into the log finds all of it there.
      log.end(() => resolve({ how, tail }))
    }
    child.once('error', (error) => settle(error.message))
    child.once('close', (code, signal) => settle(signal === null ? `exit code ${code}` : `signal ${signal}`))
    // A child of its own may hold the pipes open after it is gone.
    child.once('exit', () => setTimeout(() => child.stdout?.destroy() && child.stderr?.destroy(), 500).unref())
  })
  return {
    name: plan.name,
    pid: child.pid ?? 0,
    child,
    exited,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      if ((await within(STOP_WITHIN_MS, exited)) === undefined) signalGroup(child.pid, 'SIGKILL')
      await within(2_000, exited)
    },
    kill: () => signalGroup(child.pid, 'SIGKILL'),
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // nobody left in it
  }
}

interface Limits {
  readonly signal: AbortSignal
  readonly withinMs: number
}

/** Waits for a process to say that it is ready. Throws when it ends first, is too slow, or the start is broken off. */
export async function waitForReady<T>(
  supervised: SupervisedProcess,
  { signal, withinMs }: Limits,
  listen: (settle: (value: T) => void, fail: (error: unknown) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      listen(resolve, reject)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      void supervised.exited.then(({ how }) =>
        reject(new Error(`The ${supervised.name} ended before it was ready (${how}).`)),
      )
      timer = setTimeout(
        () => reject(new Error(`The ${supervised.name} was not ready after ${Math.round(withinMs / 1000)} s.`)),
        withinMs,
      )
    })
  } finally {
    clearTimeout(timer)
  }
}

interface ToolRun {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Runs a Node program to its end. Throws with all it said when it fails. */
export async function runTool(name: string, { args, cwd, env, signal }: ToolRun): Promise<void> {
  signal.throwIfAborted()
  const said: Buffer[] = []
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      } catch {
        // ended in between
      }
    }
    signal.addEventListener('abort', stop, { once: true })
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    child.once('error', reject)
    child.once('close', (exitCode) => {
      signal.removeEventListener('abort', stop)
      resolve(exitCode)
    })
  })
  signal.throwIfAborted()
  if (code !== 0) throw new Error(`${name} failed (exit ${code}):\n${Buffer.concat(said).toString('utf8').trim()}`)
}
