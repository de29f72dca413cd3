import { once } from 'node:events'
import { hostname } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Machine } from './operator-command.ts'

/** The terminal of this process. */
export function thisMachine(environment: Machine['environment']): Machine {
  // In `… | head`, the reader closes the pipe first.
  process.stdout.on('error', () => process.exit(1))
  const hasTerminal = process.stdin.isTTY && process.stderr.isTTY
  return {
    environment,
    hasTerminal,
    name: hostname(),
    async print(line) {
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
    },
    note: (line) => void process.stderr.write(`${line}\n`),
    async ask(question) {
      if (!hasTerminal) return null
      // Standard output may be piped, so the question goes to standard error.
      const terminal = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return await terminal.question(question)
      } finally {
        terminal.close()
      }
    },
    pause: (ms) => pause(ms),
  }
}
