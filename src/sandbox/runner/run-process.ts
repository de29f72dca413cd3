import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

interface ProcessRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment. Nothing is inherited from the sandbox. */
  readonly env: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
  /** Ends the process group as GitHub's runner does. */
  readonly signal: AbortSignal
  readonly patience?: Patience
  /** Groups that may still have processes. The caller ends them with `endGroups` after the job. */
  readonly groups: Set<number>
}

/** How long a cancelled process may take to end after SIGINT, and then after SIGTERM. */
interface Patience {
  readonly interruptMs: number
  readonly terminateMs: number
}

/** https://docs.github.com/actions/reference/workflow-cancellation-reference */
const gitHubPatience: Patience = { interruptMs: 7_500, terminateMs: 2_500 }

/** Longer lines are cut, so that a step cannot exhaust the sandbox's memory. */
const longestLine = 64 * 1024

/** Background children can keep the pipes open after a process has ended. Its output is read this much longer. */
const drainMs = 2_000

/** Next's types require NODE_ENV, but a step's environment may lack it. */
function environmentOf(env: ProcessRequest['env']): NodeJS.ProcessEnv {
  const whole: NodeJS.ProcessEnv = { NODE_ENV: 'production', ...env }
  if (env['NODE_ENV'] === undefined) Reflect.deleteProperty(whole, 'NODE_ENV')
  return whole
}

/** Runs one process in its own group and reads its output by lines. Gives the exit code, or 128 + n after signal n. */
export function runProcess(request: ProcessRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(request.command, request.args, {
      cwd: request.cwd,
      env: environmentOf(request.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const streams = [readLines(child.stdout, request.onLine), readLines(child.stderr, request.onLine)]
    if (child.pid !== undefined) request.groups.add(child.pid)
    const ending = endOnAbort(child.pid, request.signal, request.patience ?? gitHubPatience)
    child.on('error', (error) => {
      ending.stop()
      reject(error)
    })
    child.on('exit', (code, signalName) => {
      ending.stop()
      const drained = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, drainMs)
      child.on('close', () => {
        clearTimeout(drained)
        for (const stream of streams) stream.flush()
        if (child.pid !== undefined && !signalGroup(child.pid, 0)) request.groups.delete(child.pid)
        resolve(code ?? 128 + (signalName === 'SIGINT' ? 2 : signalName === 'SIGTERM' ? 15 : 9))
      })
    })
  })
}

function endOnAbort(pid: number | undefined, signal: AbortSignal, patience: Patience) {
  const timers: NodeJS.Timeout[] = []
  const begin = () => {
    signalGroup(pid, 'SIGINT')
    timers.push(setTimeout(() => signalGroup(pid, 'SIGTERM'), patience.interruptMs))
    timers.push(setTimeout(() => signalGroup(pid, 'SIGKILL'), patience.interruptMs + patience.terminateMs))
  }
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  const stop = () => {
    signal.removeEventListener('abort', begin)
    for (const timer of timers) clearTimeout(timer)
  }
  return { stop }
}

/** As on GitHub, background processes may outlive their step, but not their job. */
export function endGroups(groups: Set<number>) {
  for (const pid of groups) signalGroup(pid, 'SIGKILL')
  groups.clear()
}

/** Signals the group that `detached` made for a process. Returns whether the group has processes. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch (error) {
    // ESRCH: the group is empty. EPERM: only zombies are left in it (macOS).
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')) return false
    throw error
  }
}

function readLines(stream: Readable, onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (rest.length > longestLine) flush()
  }
  const flush = () => {
    if (rest !== '') onLine(rest)
    rest = ''
  }
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)))
  return { flush }
}
