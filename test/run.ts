import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { countTests, type TestCount } from '~test/support/count-tests'
import { findOrInstallBrowser } from '~test/support/find-browser'
import { runStep, type Step } from '~test/support/run-step'
import { stepsOf } from '~test/support/test-steps'

// What `npm test` does (and `npm run check`, with --fast): runs the steps until one fails. The last line says how many tests
// passed and failed; a failed check (lint, types, …) counts as one.

const fast = process.argv.includes('--fast')
const reports = mkdtempSync(path.join(tmpdir(), 'deploy-console-reports-'))
const broken = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => broken.abort())
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

async function run(step: Step): Promise<TestCount> {
  say(`\n▶ ${step.name}`)
  const began = performance.now()
  const outcome = await runStep(step, broken.signal)
  const tests = step.report === undefined ? { passed: 0, failed: 0 } : countTests(step.report)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (outcome.ok) {
    say(`✓ ${step.name} (${seconds} s${step.report === undefined ? '' : `, ${tests.passed} tests`})`)
    return tests
  }
  if (outcome.output !== '') say(outcome.output)
  say(`✗ ${step.name} failed (${seconds} s)${broken.signal.aborted ? ': stopped' : ''}`)
  return { passed: tests.passed, failed: Math.max(tests.failed, 1) }
}

const total = { passed: 0, failed: 0 }
try {
  const browser = fast ? undefined : findOrInstallBrowser(process.env, say)
  if (browser !== undefined) say(`The browser is ${browser}`)
  for (const steps of stepsOf({ fast, reports, browser })) {
    for (const { passed, failed } of await Promise.all(steps.map(run))) {
      total.passed += passed
      total.failed += failed
    }
    if (total.failed > 0) break
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  total.failed += 1
}
say(`\n${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 ? 0 : 1)
