import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import { authenticate } from '~/server/auth/sessions/read-session'
import { type FirstReads, readFirstAnswers } from '~/server/trpc/first-view'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { deferred } from '~test/support/deferred'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
})
afterAll(() => console_.close())

async function signIn(role: Role): Promise<{ readonly actor: Actor; readonly cookie: string }> {
  const cookie = await signedInAs(console_.deps, { email: `${role}@example.com`, role })
  const actor = await authenticate(console_.deps, new Headers({ cookie }), 'person')
  if (actor === null) throw new Error('nobody is signed in')
  return { actor, cookie }
}

const never = new Promise<void>(() => undefined)

/** The procedures whose answers came, with the data. */
async function answersOf(
  actor: Actor,
  reads: FirstReads,
  limit: Promise<unknown> = never,
): Promise<ReadonlyMap<string, unknown>> {
  const { state } = await readFirstAnswers({ ...console_.deps, pause: () => limit }, actor, reads)
  return new Map(state.queries.map(({ queryKey, state: { data } }) => [[queryKey[0]].flat().join('.'), data]))
}

it('brings the same answers as a window gets over HTTP, byte for byte', async () => {
  const { actor, cookie } = await signIn('admin')
  const { id } = await insertDeployAt(console_.deps, 'succeeded')
  const brought = await answersOf(actor, ({ deploys, surfaces, members, audit }) => [
    deploys.get.prefetch({ id }),
    deploys.facets.prefetch(),
    surfaces.list.prefetch(),
    members.invitations.prefetch(),
    audit.facets.prefetch(),
  ])
  expect(brought.size).toBe(5)
  const { GET } = await import('~/app/api/trpc/[trpc]/route')
  for (const [procedure, data] of brought) {
    const query = procedure === 'deploys.get' ? `?input=${encodeURIComponent(JSON.stringify({ id }))}` : ''
    const request = new Request(`http://localhost:3000/api/trpc/${procedure}${query}`, {
      headers: { host: 'localhost:3000', cookie },
    })
    const answer = await GET(request)
    expect(answer.status).toBe(200)
    const now = /"now":"[^"]+"/
    expect(JSON.stringify({ result: { data } }).replace(now, '')).toBe((await answer.text()).replace(now, ''))
  }
})

it('leaves out what the member may not read and what fails, and brings the rest', async () => {
  const { actor } = await signIn('viewer')
  const brought = await answersOf(actor, ({ members, deploys, surfaces }) => [
    members.list.prefetchInfinite({}),
    deploys.get.prefetch({ id: console_.deps.newId() }),
    deploys.list.prefetchInfinite({ surfaceId: 'no such surface' }),
    surfaces.list.prefetch(),
  ])
  expect([...brought.keys()]).toEqual(['surfaces.list'])
})

it('does not wait for an answer that takes long', async () => {
  const { actor } = await signIn('viewer')
  const limit = deferred()
  const reads: FirstReads = ({ surfaces }) => {
    const read = surfaces.list.prefetch()
    void read.then(() => limit.resolve())
    return [read, never]
  }
  const brought = await answersOf(actor, reads, limit.promise)
  expect([...brought.keys()]).toEqual(['surfaces.list'])
})
