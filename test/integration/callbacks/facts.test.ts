import { createHmac, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK_STATUSES } from '~/domain/deploy/status'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'

// What a callback reports besides its status: a log line, a run and the deployed commit.

const [REVIEWED, OTHER, THIRD] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)]

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const send = async (id: string, body: object) => {
  const response = await receiveCallback(console_.deps, signedCallback(id, body), id)
  return { http: response.status, ...(await response.json()) } as { http: number; applied?: boolean; code?: string }
}
const linesOf = async (id: string) =>
  (await console_.deps.db.deployLogLine.findMany({ where: { deployId: id }, orderBy: { seq: 'asc' } })).map(
    ({ line }) => line,
  )
const receiptsOf = (id: string) => console_.deps.db.callbackReceipt.count({ where: { deployId: id } })
const deployOf = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
const warningsOf = async (id: string) => (await getDeploy(console_.deps, id)).warnings

describe('a log line', () => {
  it('a log line repeated with the same status is stored once, and every receipt is kept', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    for (let n = 0; n < 4; n += 1) await send(id, { status: 'building', log_line: 'Building main.' })
    expect(await linesOf(id)).toEqual(['Building main.'])
    expect(await receiptsOf(id)).toBe(4)
    expect((await deployOf(id)).logCount).toBe(1)
  })

  it('log lines that alternate are each stored once', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    for (const line of ['one', 'two', 'one', 'two', 'three']) await send(id, { status: 'building', log_line: line })
    expect(await linesOf(id)).toEqual(['one', 'two', 'three'])
  })

  it('the log line of a refused callback is stored once, however often the callback is sent', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    for (let n = 0; n < 3; n += 1) expect((await send(id, { status: 'succeeded', log_line: 'early' })).http).toBe(422)
    expect(await linesOf(id)).toEqual(['early'])
  })

  it('a repeated log line is stored again when its callback moves the deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    await send(id, { status: 'building', log_line: 'Working.' })
    await send(id, { status: 'deploying', log_line: 'Working.' })
    expect(await linesOf(id)).toEqual(['Working.', 'Working.'])
  })
})

describe('bytes that are not UTF-8', () => {
  /** The body as `notify.sh` builds it from any bytes, signed over those bytes, which the `standardwebhooks` package cannot do. */
  function signedBytes(line: Uint8Array): Request {
    const body = Buffer.concat([Buffer.from('{"status":"building","log_line":"'), line, Buffer.from('"}')])
    const [id, timestamp] = [randomUUID(), String(Math.floor(Date.now() / 1000))]
    const key = Buffer.from(CALLBACK_SECRET.replace('whsec_', ''), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
    return new Request('http://localhost/', { method: 'POST', headers, body })
  }

  it('bytes that are not UTF-8 become U+FFFD in a log line, and the status is applied', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const response = await receiveCallback(console_.deps, signedBytes(Buffer.from([0x61, 0xff, 0x62])), id)
    expect(await response.json()).toEqual({ applied: true, status: 'building' })
    expect(await linesOf(id)).toEqual(['a\uFFFDb'])
  })

  it('a line of 4 KiB is accepted even if replacing its invalid bytes makes it longer', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const response = await receiveCallback(console_.deps, signedBytes(Buffer.alloc(4096, 0xff)), id)
    expect(response.status).toBe(200)
    expect(await linesOf(id)).toEqual(['\uFFFD'.repeat(4096)])
  })

  it('any bytes in a log line end in an applied status and a stored line', async () => {
    const plain = fc.integer({ min: 0x20, max: 0xff }).filter((byte) => byte !== 0x22 && byte !== 0x5c)
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { minLength: 1, maxLength: 64 }), async (bytes) => {
        const { id } = await insertDeployAt(console_.deps, 'dispatched')
        const line = Buffer.from(bytes)
        const response = await receiveCallback(console_.deps, signedBytes(line), id)
        expect(response.status).toBe(200)
        expect(await linesOf(id)).toEqual([line.toString('utf8')])
      }),
      { numRuns: 40 },
    )
  })
})

describe('a deploy whose run is on record', () => {
  it.each(CALLBACK_STATUSES)(
    'a deploy with a run on record is not moved by %s from a callback that names no run',
    async (status) => {
      const from = { succeeded: 'deploying', deploying: 'building' }[status as string] ?? 'dispatched'
      const { id } = await insertDeployAt(console_.deps, from as 'dispatched', { githubRunId: 7n })
      const answer = await send(id, { status, log_line: 'kept', deployed_sha: OTHER })
      expect(answer).toMatchObject({ http: 422, code: 'run_required', from, to: status })
      expect(await deployOf(id)).toMatchObject({ status: from, sha: null, logCount: 1 })
      const rejected = await console_.deps.db.auditEvent.findMany({ where: { deployId: id } })
      expect(rejected).toMatchObject([
        { action: 'console.deploy.callback_rejected', payload: { reason: 'run_required' } },
      ])
    },
  )

  it('callbacks without a run do not move a deploy with a run on record, and callbacks of that run still do', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 7n })
    for (const status of ['building', 'deploying', 'succeeded']) {
      expect(await send(id, { status })).toMatchObject({ http: 422, code: 'run_required' })
    }
    expect(await deployOf(id)).toMatchObject({ status: 'dispatched', finishedAt: null })
    expect(await send(id, { status: 'building', run_id: '7' })).toMatchObject({ http: 200, applied: true })
  })
})

describe('a reported commit that differs from the chosen one', () => {
  const deploying = async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 7n })
    await console_.deps.db.deploy.update({ where: { id }, data: { sha: REVIEWED } })
    return id
  }
  const alarms = (id: string) =>
    console_.deps.db.auditEvent.count({ where: { deployId: id, action: 'console.deploy.other_commit_reported' } })

  it('a success that reports another commit is accepted and raises an alarm that names both commits', async () => {
    const id = await deploying()
    expect(await send(id, { status: 'succeeded', run_id: '7', deployed_sha: OTHER })).toMatchObject({ applied: true })
    expect(await deployOf(id)).toMatchObject({ status: 'succeeded', sha: REVIEWED })
    expect(await warningsOf(id)).toEqual([
      `The workflow reports that it deployed ${OTHER}, but this deploy is for ${REVIEWED}. Find out what the surface runs, and deploy the right commit.`,
    ])
  })

  it("an alarm about another commit stays on the tile of the surface's last deploy", async () => {
    const id = await deploying()
    const alarm = async () => (await listTiles(console_.deps)).find(({ lastDeploy }) => lastDeploy?.id === id)?.alarm
    expect(await alarm()).toBeNull()
    await send(id, { status: 'succeeded', run_id: '7', deployed_sha: OTHER })
    expect(await alarm()).toMatch(new RegExp(`^The workflow reports that it deployed ${OTHER}`))
  })

  it('an alarm about another commit is raised once for each commit, even after the deploy succeeded', async () => {
    const id = await deploying()
    await send(id, { status: 'succeeded', run_id: '7' })
    for (const sha of [OTHER, OTHER, THIRD, REVIEWED]) {
      await send(id, { status: 'succeeded', run_id: '7', deployed_sha: sha })
    }
    expect(await alarms(id)).toBe(2)
    expect(await warningsOf(id)).toHaveLength(2)
  })

  it('no alarm about another commit is raised by another run, by a callback without a run, or for a deploy without a commit', async () => {
    const id = await deploying()
    await send(id, { status: 'succeeded', run_id: '8', deployed_sha: OTHER })
    await send(id, { status: 'succeeded', deployed_sha: OTHER })
    expect(await alarms(id)).toBe(0)
    const unknown = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
    await send(unknown.id, { status: 'succeeded', run_id: '9', deployed_sha: OTHER })
    expect(await alarms(unknown.id)).toBe(0)
    expect(await deployOf(unknown.id)).toMatchObject({ sha: OTHER })
  })
})

describe('callbacks with invalid signatures', () => {
  it('callbacks with invalid signatures do not use up the limit for signed callbacks from the same address', async () => {
    const own = await createTestConsole({ env: { RATE_LIMIT_REFUSED_PER_MINUTE: '3' } })
    try {
      const { id } = await insertDeployAt(own.deps, 'dispatched')
      const junk = async () => {
        const request = signedCallback(id, { status: 'failed' }, { secret: `whsec_${'A'.repeat(32)}` })
        return (await receiveCallback(own.deps, request, id)).status
      }
      const statuses: number[] = []
      for (let n = 0; n < 8; n += 1) statuses.push(await junk())
      expect(statuses).toEqual([401, 401, 401, 429, 429, 429, 429, 429])
      for (let n = 0; n < 8; n += 1) {
        const response = await receiveCallback(own.deps, signedCallback(id, { status: 'building' }), id)
        expect(response.status).toBe(200)
      }
      expect(await junk()).toBe(429)
    } finally {
      await own.close()
    }
  })
})
