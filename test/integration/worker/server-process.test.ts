import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitFor } from '~/launch/machine/wait-for'
import { addJob } from '~/server/platform/jobs.sql'
import { createFaultWorld, dispatch, type FaultWorld, type SignedInServer } from '~test/integration/faults/fault-world'
import { insertDeployAt } from '~test/support/console'
import { queuedJobs } from '~test/support/run-queue'
import { holdAnswer } from '~test/support/scripted-github'

const TIMEOUT = 120_000

let world: FaultWorld
beforeAll(async () => {
  world = await createFaultWorld()
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

const isGone = (pid: number): true | undefined => {
  try {
    process.kill(pid, 0)
    return undefined
  } catch {
    return true
  }
}

/** Reads a window's stream past its first event. The returned function reads the rest to its end. */
async function followChanges({ url, cookie }: SignedInServer) {
  const input = encodeURIComponent(JSON.stringify({ person: 'operator@example.com', lastEventId: null }))
  const answer = await fetch(`${url}/api/trpc/live.watch?input=${input}`, { headers: { cookie } })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  const read = async (): Promise<boolean> => {
    const { done, value = '' } = (await reader?.read()) ?? { done: true }
    heard += value
    return !done
  }
  while (!heard.includes('"reload":true')) await read()
  return async () => {
    while (await read());
    return heard
  }
}

it('a server that is stopped ends its streams and finishes the running job, so no job stays locked', {
  timeout: TIMEOUT,
}, async () => {
  const { deps, github, model, startServer } = world
  const server = await startServer()
  const { id } = await insertDeployAt(deps, 'building')
  model.accept(id)
  model.conclude(id, 'success')
  const run = holdAnswer(github.script.onRun)
  github.script.onRun = run
  await addJob(deps.db, { task: 'reconcile_deploy', payload: { deployId: id } })
  await run.asked
  const rest = await followChanges(server)
  const stopped = server.stop()
  // A broken stream throws here. One that ends sends a last event, so its window reconnects at once.
  expect(await rest()).toMatch(/event: return\ndata: \n+$/)
  // Next alone would have ended the process by now.
  expect(await waitFor(() => isGone(server.pid), { withinMs: 4_500 })).toBeUndefined()
  run.release()
  await stopped
  expect(await world.statusOf(id)).toBe('succeeded')
  // The look of the start may have met the end that this job recorded, and asked for another look.
  const begun = (await queuedJobs(deps)).filter(({ task, attempts }) => task === 'reconcile_deploy' && attempts > 0)
  expect(begun).toEqual([])
})

it('a server that is stopped answers the running request and ends right after, whatever connections are open', {
  timeout: TIMEOUT,
}, async () => {
  const { github, model, newSurface, startServer } = world
  const server = await startServer()
  const surface = await newSurface()
  const accepting = holdAnswer(model.accepting())
  github.script.onDispatch = accepting
  // Browsers open connections in advance.
  const unused = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined)
  await once(unused, 'connect')
  const answer = dispatch(server, surface)
  await accepting.asked
  const stopped = server.stop()
  // The server was told to stop once it accepts no new connection.
  await waitFor(
    () =>
      fetch(`${server.url}/api/health`).then(
        () => undefined,
        () => true,
      ),
    { withinMs: 4_500 },
  )
  accepting.release()
  expect(await answer).toMatchObject({ status: 'dispatched' })
  // This process keeps the connection open, as a proxy does. After eight seconds the server would end in any case.
  expect(await waitFor(() => isGone(server.pid), { withinMs: 3_000 })).toBe(true)
  await stopped
})

it('a server that was told to stop is not ready, and answers everything else until DRAIN_SECONDS are over', {
  timeout: TIMEOUT,
}, async () => {
  const server = await world.startServer(undefined, { DRAIN_SECONDS: '900' })
  const rest = await followChanges(server)
  process.kill(server.pid, 'SIGTERM')
  const ask = async (path: string) => {
    const answer = await fetch(`${server.url}${path}`, { headers: { cookie: server.cookie }, redirect: 'manual' })
    return { status: answer.status, connection: answer.headers.get('connection'), body: await answer.text() }
  }
  await waitFor(async () => ((await ask('/api/health/ready')).status === 503 ? true : undefined), { withinMs: 5_000 })
  expect(JSON.parse((await ask('/api/health/ready')).body)).toMatchObject({ draining: true, database: 'reachable' })
  // A proxy must not keep these connections, because the next request would meet a closed one.
  expect(await ask('/api/health')).toMatchObject({ status: 200, connection: 'close' })
  expect(await ask('/sign-in')).toMatchObject({ status: 307, connection: 'close' })
  expect(await ask('/api/trpc/surfaces.list')).toMatchObject({ status: 200, connection: 'close' })
  const again = await followChanges(server)
  // Ctrl-C ends the wait.
  process.kill(server.pid, 'SIGINT')
  for (const read of [rest, again]) expect(await read()).toMatch(/event: return\ndata: \n+$/)
  expect(await waitFor(() => isGone(server.pid), { withinMs: 5_000 })).toBe(true)
})
