import { spawn } from 'node:child_process'
import path from 'node:path'

export interface Step {
  readonly name: string
  /** A Node program below node_modules or the project, and its arguments. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether to print output at once, as for tests; other steps print only if they fail. */
  readonly live?: boolean
  /** The path of the step's JSON test report. */
  readonly report?: string
}

const root = path.resolve(import.meta.dirname, '../..')

/** Runs one step to its end. If it is aborted, every process that it started is ended too. */
export async function runStep(
  step: Step,
  broken: AbortSignal,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  if (broken.aborted) return { ok: false, output: '' }
  const said: Buffer[] = []
  const child = spawn(process.execPath, step.args, {
    cwd: root,
    env: { ...process.env, ...step.env },
    detached: true,
    stdio: ['ignore', step.live === true ? 'inherit' : 'pipe', step.live === true ? 'inherit' : 'pipe'],
  })
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk))
  const signalAll = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // nobody left in its group
    }
  }
  const onBroken = (): void => {
    signalAll('SIGINT')
    setTimeout(() => signalAll('SIGKILL'), 15_000).unref()
  }
  broken.addEventListener('abort', onBroken, { once: true })
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      said.push(Buffer.from(error.message))
      resolve(null)
    })
    child.once('close', resolve)
  })
  broken.removeEventListener('abort', onBroken)
  signalAll('SIGKILL') // what it left behind
  return { ok: code === 0 && !broken.aborted, output: Buffer.concat(said).toString('utf8').trim() }
}
