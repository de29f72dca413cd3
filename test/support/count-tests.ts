import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

export interface TestCount {
  readonly passed: number
  readonly failed: number
}

const vitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() })
/** Playwright's counts: `expected` passed, `flaky` passed on a retry (we have none), `unexpected` failed. */
const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
})

/** Counts the tests in a JSON report. A runner that ended without a report ran none. */
export function countTests(report: string): TestCount {
  if (!existsSync(report)) return { passed: 0, failed: 0 }
  const content: unknown = JSON.parse(readFileSync(report, 'utf8'))
  const vitest = vitestReport.safeParse(content)
  if (vitest.success) return { passed: vitest.data.numPassedTests, failed: vitest.data.numFailedTests }
  const { stats } = playwrightReport.parse(content)
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky }
}
