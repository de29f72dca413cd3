import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { waitFor } from '~/launch/machine/wait-for'

const written = z.object({ asked: z.number(), heapUsed: z.number(), rss: z.number() })

export interface Memory {
  /** Bytes, measured right after a garbage collection. */
  readonly heap: number
  readonly rss: number
}

/** The environment that a server needs so that `memoryProbe` can measure it. */
export const probeEnvironment = (file: string) => ({
  NODE_OPTIONS: `--import ${path.resolve(import.meta.dirname, 'heap-probe.mjs')}`,
  HEAP_PROBE_FILE: file,
})

/** Returns a function that asks the server for its memory use. */
export function memoryProbe(pid: number, file: string): () => Promise<Memory> {
  let asked = 0
  return async () => {
    asked += 1
    process.kill(pid, 'SIGUSR2')
    const answer = await waitFor(() => read(file, asked), { withinMs: 30_000 })
    if (answer === undefined) throw new Error('The server did not say how much memory it uses.')
    return { heap: answer.heapUsed, rss: answer.rss }
  }
}

function read(file: string, asked: number) {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  if (!text.endsWith('}')) return undefined
  const answer = written.parse(JSON.parse(text))
  return answer.asked === asked ? answer : undefined
}

/** The growth in bytes of the line of best fit from the first sample to the last. */
export function growthOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  const above = samples.reduce((sum, sample, n) => sum + (n - middle) * (sample - mean), 0)
  const below = samples.reduce((sum, _, n) => sum + (n - middle) ** 2, 0)
  return (above / below) * (samples.length - 1)
}
