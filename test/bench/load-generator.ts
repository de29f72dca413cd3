import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { z } from 'zod'
import type { LoadJob, Measured } from '~test/bench/load'

const root = path.resolve(import.meta.dirname, '../..')

const answer = z.union([
  z.object({ result: z.object({ latencies: z.array(z.number()), seconds: z.number() }) }),
  z.object({ error: z.string() }),
])

export interface LoadGenerator {
  readonly run: (job: LoadJob) => Promise<Measured>
  readonly stop: () => Promise<void>
}

/** Starts the load process. It takes one job at a time; an unexpected answer fails the benchmark. */
export async function startLoadGenerator(): Promise<LoadGenerator> {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', '--import', 'tsx', 'test/bench/load-process.ts'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    },
  )
  await once(child, 'message')
  return {
    run: async (job) => {
      child.send(job)
      const [said]: unknown[] = await once(child, 'message')
      const parsed = answer.parse(said)
      if ('error' in parsed) throw new Error(`The load generator stopped: ${parsed.error}`)
      return parsed.result
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
