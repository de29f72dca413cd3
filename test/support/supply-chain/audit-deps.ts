import { spawnSync } from 'node:child_process'
import { judgeAudit } from './audit-report.ts'
import { projectDirectory } from './locked-packages.ts'

// `npm run audit:deps`. Exits with 0 if the registry answered and every finding is explained, with 1 if one is not, and with
// 2 if the registry could not be asked: then nothing is known, which is not the same as nothing found.

/** Accepted advisories: why each does not affect the console, and what would change that. Empty: none is accepted. */
const EXPLAINED: Readonly<Record<string, string>> = {}

const { stdout, error } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
  cwd: projectDirectory,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  timeout: 120_000,
})
const verdict = judgeAudit(error === undefined ? stdout : error.message, EXPLAINED)
for (const line of verdict.lines) process.stdout.write(`${line}\n`)
if (verdict.kind === 'not audited') {
  process.stdout.write(
    'The packages were not audited: this registry does not answer the question (a mirror often does not). ' +
      'Run it where the public registry is reached; CI does.\n',
  )
}
process.exitCode = { clean: 0, found: 1, 'not audited': 2 }[verdict.kind]
