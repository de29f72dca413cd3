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

it("a cancel is answered 202 with the deploy's unchanged status and its address", async () => {
  // The run is not known yet, so GitHub cannot be asked to cancel it.
  const { id } = await insertDeployAt(console_.deps, 'dispatched')
  const answer = await cancel(id)
  expect(answer).toMatchObject({
    status: 202,
    body: { id, status: 'dispatched', cancel: { asked_by: 'operator@example.com', acknowledged_at: null } },
  })
  expect(answer.headers.get('location')).toBe(`/api/internal/deploys/${id}`)
  // A repeated cancel gets the same answer.
  expect((await cancel(id)).body).toEqual(answer.body)
  expect(await rest.call('GET', `/api/internal/deploys/${id}`)).toMatchObject({ body: { status: 'dispatched' } })
})

it('a cancel of an ended or unknown deploy, with an invalid id, or from another site is refused', async () => {
  const { id } = await insertDeployAt(console_.deps, 'succeeded')
  expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'deploy_ended' } })
  expect(await cancel(console_.deps.newId())).toMatchObject({ status: 404, body: { code: 'deploy_unknown' } })
  expect(await cancel('1')).toMatchObject({ status: 400, body: { code: 'invalid_id' } })
  expect(await cancel(id, { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
})
