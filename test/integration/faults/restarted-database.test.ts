import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK_STATUSES, DEPLOY_STATUSES, hasPosition } from '~/domain/deploy/status'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '~/launch/database/embedded-postgres'
import { prepareDatabase } from '~/launch/database/prepare-database'
import { listPages } from '~test/support/pages'
import type { SignedInServer } from './fault-world'
import { callBack, createFaultWorld, dispatch, dispatchByRest, type FaultWorld, look } from './fault-world'

const TIMEOUT = 180_000
const REPORTED = CALLBACK_STATUSES.filter(hasPosition)
const DEPLOYS = 6

const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-restart-'))
const migrations = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const startDatabase = () => startEmbeddedPostgres(directory, 'console', { logFile: path.join(directory, 'log') })

let database: EmbeddedPostgres
let world: FaultWorld
let server: SignedInServer
beforeAll(async () => {
  database = await startDatabase()
  await prepareDatabase(database, { migrations, logLevel: 'silent' })
  world = await createFaultWorld({ databaseUrl: database.url })
  server = await world.startServer()
}, TIMEOUT)
afterAll(async () => {
  await world.close()
  await database.stop()
  rmSync(directory, { recursive: true, force: true })
}, TIMEOUT)

describe('PostgreSQL stopped while pages are opened', { timeout: TIMEOUT }, () => {
  it('every page, and every move to one, is answered 503 with what to do, and is back with the database', async () => {
    const surfaceId = await world.newSurface()
    const addresses = [...listPages(), '/no-such-page'].map((page) => page.replace(/\[\w+\]/, surfaceId))
    // Next asks for a page so when a link is followed within the console.
    const ways = [{}, { rsc: '1' }, { rsc: '1', 'next-router-prefetch': '1' }]
    const open = async (address: string, headers: Readonly<Record<string, string>>) => {
      const answer = await fetch(server.url + address, {
        headers: { cookie: server.cookie, ...headers },
        redirect: 'manual',
      })
      return { status: answer.status, headers: answer.headers, body: await answer.text() }
    }
    const eachWay = async (check: (answer: Awaited<ReturnType<typeof open>>, what: string) => void) => {
      for (const address of addresses) {
        for (const headers of ways) check(await open(address, headers), `${address} ${JSON.stringify(headers)}`)
      }
    }

    await database.stop()
    await eachWay(({ status, headers, body }, what) => {
      expect([status, headers.get('retry-after'), headers.get('cache-control')], what).toEqual([503, '5', 'no-store'])
      expect(headers.get('content-type'), what).toBe('text/html; charset=utf-8')
      expect(body, what).toContain('<h1>The database does not answer</h1>')
      expect(body, what).toContain('Opening the page changed nothing')
      expect(body, what).toContain('Try again')
      const nonce = /<style nonce="([^"]+)">/.exec(body)?.[1]
      expect(headers.get('content-security-policy'), what).toContain(`style-src 'nonce-${nonce}'`)
    })
    database = await startDatabase()
    await eachWay(({ status }, what) => expect(status, what).toBeLessThan(500))
  })
})

describe('PostgreSQL stopped while GitHub accepts a dispatch', { timeout: TIMEOUT }, () => {
  it("the answer is 503 with the deploy's id, and the same key after the restart gets that deploy and its one run", async () => {
    const surfaceId = await world.newSurface()
    const key = randomUUID()
    world.github.script.onDispatch = async (request) => {
      const answer = await world.accept(request)
      await database.stop()
      return answer
    }
    const first = await dispatchByRest(server, surfaceId, key)
    world.github.script.onDispatch = world.accept
    database = await startDatabase()

    const intent = await world.intentOn(surfaceId)
    expect(first).toMatchObject({
      http: 503,
      retryAfter: '5',
      body: { code: 'database_unavailable', deploy_id: intent?.id },
    })
    const id = intent?.id ?? ''
    const again = await dispatchByRest(server, surfaceId, key)
    expect(again).toMatchObject({ http: 202, body: { id } })

    await world.age([id], 2)
    await world.nextMinute()
    await world.until(id, 'dispatched')
    const runs = world.model.runsOf(id)
    expect(runs).toHaveLength(1)
    expect((await look(server, id)).runId).toBe(runs[0]?.id.toString())
    expect(world.github.dispatchesOf(id)).toBe(1)
  })
})

describe('PostgreSQL restarted during callbacks', { timeout: TIMEOUT }, () => {
  it('no callback is lost: senders that got 503 send again, and every step is stored once', async () => {
    const surfaces = await Promise.all(Array.from({ length: DEPLOYS }, () => world.newSurface()))
    const deploys = await Promise.all(
      surfaces.map(async (surfaceId) => {
        const made = await dispatch(server, surfaceId)
        if ('refused' in made) throw new Error(`refused: ${made.refused}`)
        return made.id
      }),
    )

    const away: { told: number; back: Promise<unknown> } = { told: 0, back: Promise.resolve() }
    let acknowledged = 0
    const restart = async () => {
      await database.stop()
      // Start again only after a callback was answered 503. Its deploy does not exist, so it leaves no trace.
      expect((await callBack(server, randomUUID(), { status: 'building' })).status).toBe(503)
      database = await startDatabase()
    }
    /** Sends the callback with the same id until the console has it, as the notify action does. */
    const report = async (id: string, status: string) => {
      const webhookId = randomUUID()
      const run_id = world.model.runsOf(id)[0]?.id.toString()
      for (;;) {
        const answer = await callBack(server, id, { status, log_line: status, run_id }, webhookId)
        if (answer.status === 200) break
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
        away.told += 1
        await away.back
      }
      acknowledged += 1
      if (acknowledged === 15) away.back = restart()
    }
    const live = async (id: string) => {
      for (const status of REPORTED) await report(id, status)
    }
    await Promise.all(deploys.map(live))
    await away.back

    expect(away.told).toBeGreaterThan(0)
    for (const id of deploys) {
      const seen = await look(server, id)
      expect(seen.timeline.map(({ status }) => status).filter((status) => status !== null)).toEqual(
        DEPLOY_STATUSES.filter(hasPosition),
      )
      const lines = await world.deps.db.deployLogLine.findMany({ where: { deployId: id }, orderBy: { seq: 'asc' } })
      expect(lines.map(({ seq, line }) => [seq, line])).toEqual(REPORTED.map((status, index) => [index + 1, status]))
      expect(world.model.runsOf(id)).toHaveLength(1)
    }
  })
})
