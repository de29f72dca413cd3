import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { withoutAddressSecrets } from '~/server/platform/open-telemetry'
import { inSpan, startTracing, tracing } from '~/server/platform/tracing'
import { listImports } from '~test/support/list-imports'

const source = path.resolve(import.meta.dirname, '../../../src')

it('OpenTelemetry is loaded by one file, and that file only when traces are on', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(tsx?|mjs)$/.test(file))
  const importing = files.filter((file) => readFileSync(path.join(source, file), 'utf8').includes("'@opentelemetry/"))
  expect(importing).toEqual([path.join('server', 'platform', 'open-telemetry.ts')])
  const loading = listImports().filter(({ to }) => to === 'server/platform/open-telemetry')
  expect(loading.map(({ from, isLoaded }) => [from, isLoaded])).toEqual([['server/platform/tracing', false]])
})

it('without an endpoint, nothing is traced and work runs as it is', async () => {
  await startTracing({ tracesEndpoint: undefined, serviceName: 'x' }, { version: '1', warn: () => undefined })
  expect(tracing()).toBeUndefined()
  const work = async (note: (attributes: { readonly a: number }) => void) => {
    note({ a: 1 })
    return 'done'
  }
  expect(await inSpan('work', {}, work)).toBe('done')
})

it('a span whose work throws ends as a failure, with what was noted before', async () => {
  const ended: unknown[] = []
  globalThis.deployConsoleTracing = {
    begin: () => ({ run: (work) => work(), end: (...how) => void ended.push(how) }),
    traceId: () => undefined,
    traceparent: () => undefined,
    stop: async () => undefined,
  }
  onTestFinished(() => {
    globalThis.deployConsoleTracing = undefined
  })
  const work = inSpan('work', {}, async (note) => {
    note({ status: 500 })
    throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(ended).toEqual([[{ status: 500 }, true]])
})

it.each([
  ['/setup/abc', '/setup/…'],
  ['GET /invite/abc?x=1', 'GET /invite/…'],
  ['http://localhost:3000/api/auth/callback/oidc?code=1&state=2', 'http://localhost:3000/api/auth/…'],
  ['https://api.github.com/repos/a/b/actions/runs?created=1', 'https://api.github.com/repos/a/b/actions/runs'],
  ['GET /setup/{token}', 'GET /setup/{token}'],
  ['GET /api/auth/[...all]', 'GET /api/auth/[...all]'],
  ['/surfaces/api-prod/setup', '/surfaces/api-prod/setup'],
  ['POST /api/internal/deploys/[id]/status', 'POST /api/internal/deploys/[id]/status'],
])('of the address %s, a trace says %s', (address, said) => {
  expect(withoutAddressSecrets(address)).toBe(said)
})
