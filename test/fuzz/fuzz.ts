import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createDeps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { startConsoleUnderTest } from '~test/bench/console-under-test'
import { growthOf, probeEnvironment } from '~test/fuzz/memory'
import { runFuzz, toMb } from '~test/fuzz/run-fuzz'
import { startRunTokenIssuer } from '~test/support/run-token-issuer'

// `npm run fuzz [-- --count=100000 --seed=1]`: sends requests that no workflow sends to the callback routes of the built product.

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
})
const count = Number(values.count)
const seed = Number(values.seed)
if (!Number.isInteger(count) || count < 100 || !Number.isInteger(seed))
  throw new Error('--count and --seed are numbers.')

/** Applies to the trend after the first tenth of the samples, during which the server still loads and compiles code. */
const GROWTH_LIMIT = 10 * 1024 ** 2
/** With fewer requests the server is still loading code, so its heap shows no trend. */
const grows = (bytes: number) => count >= 10_000 && bytes > GROWTH_LIMIT

say(`seed ${seed}`)
const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-fuzz-'))
const probeFile = path.join(directory, 'memory.json')
const issuer = await startRunTokenIssuer()
const product = await startConsoleUnderTest(say, {
  GITHUB_API_URL: issuer.apiUrl,
  CONSOLE_URL: 'http://localhost:3000',
  IN_PROCESS_WORKER: 'off',
  RATE_LIMIT_REFUSED_PER_MINUTE: 'off',
  ...probeEnvironment(probeFile),
})
try {
  const deps = createDeps(
    readServerConfig({
      DATABASE_URL: product.databaseUrl,
      GITHUB_DISPATCH_TOKEN: 'fuzz-token',
      DEPLOY_CALLBACK_HMAC_SECRET: product.callbackSecret,
      AUTH_SECRET: product.authSecret,
      LOG_LEVEL: 'silent',
    }),
  )
  const secret = product.callbackSecret
  const figures = await runFuzz({ deps, server: product, secret, issuer, probeFile, seed, count, say })
  await deps.db.$disconnect()
  const settled = figures.memory.slice(Math.ceil(figures.memory.length / 10))
  const growth = growthOf(settled.map(({ heap }) => heap))
  const { faults, changedTables, foreignReceipts, statuses, signed, seconds } = figures
  const ends = [settled[0], settled.at(-1)].map((at) => (at === undefined ? '' : `${toMb(at.heap)} (${toMb(at.rss)})`))
  say(
    [
      `seed ${seed}: ${count} requests in ${seconds.toFixed(0)} s, ${signed} of them signed`,
      `answers: ${Object.entries(statuses)
        .map(([status, times]) => `${status} × ${times}`)
        .join(', ')}`,
      `heap after collection, in MB (resident): ${ends.join(' → ')}; trend ${toMb(growth)} MB`,
      `tables changed without a signature: ${changedTables.join(', ') || 'none'}; receipts without one: ${foreignReceipts}`,
      `server faults: ${faults.length}`,
      ...faults.slice(0, 20),
    ].join('\n'),
  )
  const failed = faults.length > 0 || changedTables.length > 0 || foreignReceipts > 0 || grows(growth)
  process.exitCode = failed ? 1 : 0
} finally {
  await product.stop()
  await issuer.close()
  rmSync(directory, { recursive: true, force: true })
}
