import path from 'node:path'
import type { Step } from '~test/support/run-step'

const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const KNIP = 'node_modules/knip/bin/knip.js'
const NEXT = 'node_modules/next/dist/bin/next'
const PLAYWRIGHT = 'node_modules/@playwright/test/cli.js'
const TSC = 'node_modules/typescript/bin/tsc'
const VITEST = 'node_modules/vitest/vitest.mjs'

export interface TestPlan {
  /** Only the steps that need no database, build or browser. */
  readonly fast: boolean
  /** The directory for the JSON reports. */
  readonly reports: string
  readonly browser: string | undefined
}

/** The steps in order. Those in one list run at once, because each leaves cores idle; at most one of them prints live. */
export function stepsOf({ fast, reports, browser }: TestPlan): readonly (readonly Step[])[] {
  const vitest = (name: string, project: string): Step => {
    const report = path.join(reports, `${project}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    return { name, args: [VITEST, 'run', '--project', project, ...reporters], live: true, report }
  }
  const generated: readonly Step[] = [
    // Generated as the build does it, so that the build, which runs beside the unit tests, does not generate it again.
    { name: 'Prisma client', args: ['--import', 'tsx', 'src/launch/generate-client.ts'] },
    // Next generates the types of the routes, which the type check needs.
    { name: 'Types of the routes', args: [NEXT, 'typegen'], env: { NEXT_TELEMETRY_DISABLED: '1' } },
  ]
  const checks: readonly Step[] = [
    { name: 'Lint and format', args: [BIOME, 'ci', '.'] },
    { name: 'Types', args: [TSC, '--noEmit', '-p', '.'] },
  ]
  if (fast) return [generated, checks, [vitest('Unit tests', 'unit')]]
  const endToEnd = path.join(reports, 'end-to-end.json')
  return [
    generated,
    [...checks, { name: 'Dead code', args: [KNIP] }],
    [vitest('Unit tests', 'unit'), { name: 'Production build', args: ['--import', 'tsx', 'test/support/build.ts'] }],
    [
      // These include the check that schema and migrations agree, as it needs their database.
      vitest('Integration tests', 'integration'),
      // These mostly wait for workflows and pages. By themselves they use half of two cores.
      {
        name: 'End-to-end tests',
        args: [PLAYWRIGHT, 'test', '--reporter=list,json'],
        env: {
          PLAYWRIGHT_JSON_OUTPUT_NAME: endToEnd,
          ...(browser === undefined ? {} : { CHROME_PATH: browser }),
        },
        report: endToEnd,
      },
    ],
  ]
}
