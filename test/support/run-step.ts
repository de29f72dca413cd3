import { spawn } from 'node:child_process'
import path from 'node:path'

export interface Step {
  readonly name: string
  /** A Node program below node_modules (or the project), and its arguments. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Tests show what they do as they do it; everything else speaks only when it fails. */
  readonly live?: boolean
  /** Where the JSON report of its tests goes. */
  readonly report?: string
}

const root = path.resolve(import.meta.dirname, '../..')

/** Runs one step to its end. Broken off, it takes all it started with it. */
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
