import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { growthOf, probeEnvironment } from '~test/fuzz/memory'
import { runFuzz } from '~test/fuzz/run-fuzz'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { CALLBACK_SECRET, createTestConsole, type TestConsole } from '~test/support/console'
import { startRunTokenIssuer } from '~test/support/run-token-issuer'

const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-fuzz-'))
const probeFile = path.join(directory, 'memory.json')
let console_: TestConsole
let server: BuiltServer
let issuer: Awaited<ReturnType<typeof startRunTokenIssuer>>
beforeAll(async () => {
  issuer = await startRunTokenIssuer()
  console_ = await createTestConsole()
  server = await startBuiltServer({
    DATABASE_URL: console_.deps.config.databaseUrl,
    GITHUB_API_URL: issuer.apiUrl,
    CONSOLE_URL: 'http://localhost:3000',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    IN_PROCESS_WORKER: 'off',
    RATE_LIMIT_REFUSED_PER_MINUTE: 'off',
    ...probeEnvironment(probeFile),
  })
})
afterAll(async () => {
  await server.stop()
  await console_.close()
  await issuer.close()
  rmSync(directory, { recursive: true, force: true })
})

// `npm run fuzz` sends a hundred thousand requests.
it('three thousand random and broken requests cause no server error, change no row and leak no memory', {
  timeout: 240_000,
}, async () => {
  const figures = await runFuzz({
    deps: console_.deps,
    server,
    secret: CALLBACK_SECRET,
    issuer,
    probeFile,
    seed: 4,
    count: 3_000,
  })
  expect(figures.faults).toEqual([])
  expect(figures.changedTables).toEqual([])
  expect(figures.foreignReceipts).toBe(0)
  // The requests reached every check.
  expect(Object.keys(figures.statuses)).toEqual(
    expect.arrayContaining(['200', '400', '401', '403', '404', '405', '413', '422', '431']),
  )
  // Caches still fill during so few requests; a leak of 10 kB a request would be 30 MB.
  expect(growthOf(figures.memory.slice(2).map(({ heap }) => heap))).toBeLessThan(20 * 1024 ** 2)
})
