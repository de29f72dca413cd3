import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

describe('a deployer of staging only', () => {
  const shipAs = async (environment: string) => {
    const limits = { email: 'sten@example.com', role: 'deployer', environments: ['staging'] } as const
    const rest = restClient(console_.deps, () => signedInAs(console_.deps, limits))
    const { id: surface, confirm: confirmation } = await insertSurface(console_.deps, { environment })
    return rest.call('POST', '/api/internal/deploys', {
      headers: { 'idempotency-key': randomUUID() },
      body: { surface, ref: 'main', confirmation },
    })
  }

  it('deploys staging', async () => {
    expect(await shipAs('staging')).toMatchObject({ status: 202 })
  })

  it('is refused production, and nothing is dispatched or recorded as a deploy', async () => {
    const dispatched = github.requests.length
    const deploys = await console_.deps.db.deploy.count()
    expect(await shipAs('production')).toMatchObject({ status: 403, body: { code: 'permission_refused' } })
    expect(github.requests.slice(dispatched).filter(({ method }) => method === 'POST')).toEqual([])
    expect(await console_.deps.db.deploy.count()).toBe(deploys)
  })
})
