import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { keepReport } from '~/server/deploys/deploys.sql'
import { connectDatabase } from '~/server/platform/database'
import { problemResponse, toAppError } from '~/server/platform/http/problem'
import { createTestConsole, insertDeployAt } from '~test/support/console'

/** PostgreSQL's error message: fields of a letter and a text that ends with a zero byte. */
function errorMessage(code: string, text: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

/** A PostgreSQL that answers every connection with this error and closes it, as a real one does while it cannot serve. */
async function refusingPostgres(code: string, text: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(errorMessage(code, text)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return `postgresql://console@127.0.0.1:${typeof address === 'object' ? address?.port : ''}/console`
}

describe('a PostgreSQL that is starting or stopping', () => {
  it.each([
    ['57P03', 'the database system is starting up'],
    ['57P03', 'the database system is shutting down'],
    ['57P03', 'the database system is in recovery mode'],
    ['57P03', 'the database system is not yet accepting connections'],
    ['57P03', 'the database system is not accepting connections'],
    ['57P01', 'terminating connection due to administrator command'],
    ['57P03', 'das Datenbanksystem ist im Wiederherstellungsmodus'],
  ])('an error %s (%s) is answered 503 with Retry-After', async (code, text) => {
    const db = connectDatabase(await refusingPostgres(code, text))
    const asked = {
      model: () => db.surface.findMany(),
      raw: () => db.$queryRaw`SELECT 1`,
      transaction: () => db.$transaction((tx) => tx.surface.count()),
    }
    for (const [way, work] of Object.entries(asked)) {
      const answer = problemResponse(toAppError(await thrownBy(work)))
      expect([answer.status, answer.headers.get('retry-after')], way).toEqual([503, '5'])
    }
    await db.$disconnect()
  })

  it('another error of PostgreSQL is an internal error', async () => {
    const db = connectDatabase(await refusingPostgres('28P01', 'password authentication failed'))
    for (const work of [() => db.surface.findMany(), () => db.$queryRaw`SELECT 1`]) {
      expect(toAppError(await thrownBy(work)).code).toBe('internal')
    }
    await db.$disconnect()
  })
})

describe('a connection that breaks between two statements of a transaction', () => {
  it('a transaction whose connection breaks fails, leaves nothing behind, and does not end the process', async () => {
    const { deps, close } = await createTestConsole()
    onTestFinished(close)
    const uncaught: unknown[] = []
    const note = (error: unknown) => void uncaught.push(error)
    process.on('uncaughtException', note)
    onTestFinished(() => void process.off('uncaughtException', note))

    const { id, surface } = await insertDeployAt(deps, 'dispatched')
    const at = deps.now()
    const work = () =>
      deps.db.$transaction(async (tx) => {
        await keepReport(tx, id, { at, logLine: 'lost', moved: true, sha: null })
        const [{ pid }] = z
          .tuple([z.object({ pid: z.int() })])
          .parse(await tx.$queryRaw`SELECT pg_backend_pid() AS pid`)
        await deps.db.$queryRaw`SELECT pg_terminate_backend(${pid}, 10000)`
        // The last message of that backend is in its socket before this query returns on another connection.
        await deps.db.$queryRaw`SELECT 1`
        await keepReport(tx, id, { at, logLine: 'lost too', moved: true, sha: null })
      })
    expect(toAppError(await thrownBy(work)).code).toBe('database_unavailable')
    expect(uncaught).toEqual([])
    expect(await deps.db.deploy.findUniqueOrThrow({ where: { id } })).toMatchObject({
      logCount: 0,
      surfaceId: surface.id,
    })
    expect(await deps.db.$transaction(async () => 'the pool has another')).toBe('the pool has another')
  })
})

const thrownBy = async (work: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('The work succeeded.')
}
