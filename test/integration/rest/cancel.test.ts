import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'

let console_: TestConsole
let rest: ReturnType<typeof restClient>
beforeAll(async () => {
  console_ = await createTestConsole()
  rest = restClient(console_.deps)
})
afterAll(() => console_.close())

const cancel = (id: string, headers: Record<string, string> = {}) =>
  rest.call('POST', `/api/internal/deploys/${id}/cancel`, { headers })

it('a deploy is not called cancelled because a script asked: 202, with where to see it end', async () => {
  // Its run is not known yet, so GitHub cannot be asked before the queue or a callback finds it.
  const { id } = await insertDeployAt(console_.deps, 'dispatched')
  const answer = await cancel(id)
  expect(answer).toMatchObject({
    status: 202,
    body: { id, status: 'dispatched', cancel: { asked_by: 'operator@example.com', acknowledged_at: null } },
  })
  expect(answer.headers.get('location')).toBe(`/api/internal/deploys/${id}`)
  // Asked again, it says where the request stands.
  expect((await cancel(id)).body).toEqual(answer.body)
  expect(await rest.call('GET', `/api/internal/deploys/${id}`)).toMatchObject({ body: { status: 'dispatched' } })
})

it('one that has ended, one that is none, and a request of another site are refused', async () => {
  const { id } = await insertDeployAt(console_.deps, 'succeeded')
  expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'deploy_ended' } })
  expect(await cancel(console_.deps.newId())).toMatchObject({ status: 404, body: { code: 'deploy_unknown' } })
  expect(await cancel('1')).toMatchObject({ status: 400, body: { code: 'invalid_id' } })
  expect(await cancel(id, { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
})
