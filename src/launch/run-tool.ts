import { spawn } from 'node:child_process'

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
