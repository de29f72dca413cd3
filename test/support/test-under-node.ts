import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

// `npm run test:node -- 24 26`: runs `npm test` under the newest release of each of these lines of Node, which npm's
// package `node-<platform>-<processor>` holds. `npm run test:node -- 26 --fast` runs `npm run check` under it.

const fast = process.argv.includes('--fast')
const lines = process.argv.slice(2).filter((one) => one !== '--fast')
if (lines.length === 0 || !lines.every((line) => /^\d+(\.\d+){0,2}$/.test(line))) {
  process.stderr.write('Name lines or versions of Node, for example: npm run test:node -- 24 26\n')
  process.exit(2)
}

const folder = mkdtempSync(path.join(tmpdir(), 'deploy-console-node-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const failed: string[] = []
for (const line of lines) {
  const prefix = path.join(folder, line)
  const name = `node-${process.platform}-${process.arch}`
  execFileSync('npm', ['install', '--silent', '--no-save', '--prefix', prefix, `${name}@${line}`], { stdio: 'inherit' })
  const bin = path.join(prefix, 'node_modules', name, 'bin')
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` }
  const version = execFileSync(path.join(bin, 'node'), ['--version'], { encoding: 'utf8' }).trim()
  process.stdout.write(`\nNode ${version}\n`)
  const args = ['--import', 'tsx', 'test/run.ts', ...(fast ? ['--fast'] : [])]
  const { status } = spawnSync(path.join(bin, 'node'), args, { env, stdio: 'inherit' })
  if (status !== 0) failed.push(version)
}
process.stdout.write(
  failed.length === 0 ? `\nPassed under ${lines.join(', ')}\n` : `\nFailed under ${failed.join(', ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
