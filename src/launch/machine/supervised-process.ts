import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Log } from '~/server/platform/open-log'
import { within } from './wait-for.ts'

const TAIL_LINES = 20
export const STOP_WITHIN_MS = 15_000

interface ProcessPlan {
  readonly name: string
  /** Arguments of `node`. Never a secret: every user of the machine can read them. */
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly log: Pick<Log, 'write'>
  /** How long it may take to stop before it is killed; by default 15 seconds. */
  readonly stopWithinMs?: number
  /** Receives each line of output. The log has every line too. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void
}

export interface SupervisedProcess {
  readonly name: string
  readonly pid: number
  readonly child: ChildProcess
  /** Settles after the end, with the reason and the last lines. */
  readonly exited: Promise<{ readonly how: string; readonly tail: readonly string[] }>
  readonly stop: () => Promise<void>
  /** Ends the process group at once. */
  readonly kill: () => void
}

/** Starts a Node program in its own process group. Ctrl-C reaches the launcher alone, which stops its programs in order. */
export function superviseProcess(plan: ProcessPlan): SupervisedProcess {
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
      plan.log.write(`${line}\n`)
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      plan.onLine(line, from)
    })
  }
  follow(child.stdout, 'stdout')
  follow(child.stderr, 'stderr')
  const exited = new Promise<{ how: string; tail: readonly string[] }>((resolve) => {
    const settle = (how: string): void => {
      signalGroup(child.pid, 'SIGKILL') // children that are left
      resolve({ how, tail })
    }
    child.once('error', (error) => settle(error.message))
    child.once('close', (code, signal) => settle(signal === null ? `exit code ${code}` : `signal ${signal}`))
    // Its children may keep the pipes open.
    child.once('exit', () => setTimeout(() => child.stdout?.destroy() && child.stderr?.destroy(), 500).unref())
  })
  return {
    name: plan.name,
    pid: child.pid ?? 0,
    child,
    exited,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      if ((await within(plan.stopWithinMs ?? STOP_WITHIN_MS, exited)) === undefined) signalGroup(child.pid, 'SIGKILL')
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
    // The group is empty.
  }
}

interface Limits {
  readonly signal: AbortSignal
  readonly withinMs: number
}

/** Waits until a process is ready. Throws if it ends first, takes too long, or the start is cancelled. */
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

/** Runs a Node program to its end. If the program fails, the error has all its output. */
export async function runTool(name: string, { args, cwd, env, signal }: ToolRun): Promise<void> {
  signal.throwIfAborted()
  const said: Buffer[] = []
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      } catch {
        // The process has ended already.
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
