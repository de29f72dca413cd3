import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Machine } from '~/command-line/operator-command'
import { runCommandLine } from '~/command-line/run-command-line'
import type { Actor } from '~/domain/actor'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import type { CreateTokenInput } from '~/domain/api-token-input'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { takeTurn } from '~/server/queue/take-turn'
import { createToken } from '~/server/tokens/manage-tokens'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { moveDeploy } from '~test/support/move-deploy'
import { startRestServer } from '~test/support/rest-server'
import { handlersOf, listRoutes } from '~test/support/route-modules'
import { type ScriptedGitHub, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let github: ScriptedGitHub
let server: Awaited<ReturnType<typeof startRestServer>>
let ada: Actor
let token: string
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  server = await startRestServer(console_.deps)
  ada = await insertMember(console_.deps, 'ada@example.com')
  for (const environment of ['production', 'staging']) await insertSurface(console_.deps, { environment })
  token = await tokenFor({})
})
afterEach(() => {
  github.requests.length = 0
})
afterAll(async () => {
  await server.close()
  await console_.close()
  await github.close()
})

async function tokenFor(scope: Partial<CreateTokenInput>): Promise<string> {
  const all = { permissions: [...TOKEN_PERMISSIONS], environments: ['production', 'staging'], surfaces: null }
  const made = await createToken(console_.deps, ada, {
    label: `ci-${randomUUID()}`,
    expiresInDays: 1,
    ...all,
    ...scope,
  })
  return made.secret
}

/** Runs a command as a script does. `onPause` is what happens between two polls. */
async function run(
  args: readonly string[],
  { onPause, ...machine }: Partial<Machine> & { onPause?: () => unknown } = {},
) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommandLine(
    args,
    {
      environment: { DEPLOY_CONSOLE_URL: server.address, DEPLOY_CONSOLE_TOKEN: token },
      name: 'build-7',
      print: async (line) => void out.push(line),
      note: (line) => void err.push(line),
      ask: async () => null,
      hasTerminal: false,
      pause: async () => void (await onPause?.()),
      ...machine,
    },
    { caller: { call: 'deploy-console', notes: [] }, version: '1.2.3' },
  )
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** What the workflow of a surface's newest deploy reports. */
async function report(surfaceId: string, body: Record<string, unknown>): Promise<void> {
  const { id } = await console_.deps.db.deploy.findFirstOrThrow({ where: { surfaceId }, orderBy: { id: 'desc' } })
  const route = listRoutes('api/internal').find(({ template }) => template.endsWith('/status'))
  if (route === undefined) throw new Error('no route for callbacks')
  const request = signedCallback(id, { run_id: '4294967296', run_attempt: 1, ...body })
  const answer = await (await handlersOf(route))['POST']?.(request, { params: Promise.resolve({ id }) })
  expect(answer?.status).toBe(200)
}

/** One report after each poll. */
const reporting = (surfaceId: string, bodies: readonly Record<string, unknown>[]) => {
  const rest = [...bodies]
  return async () => {
    const next = rest.shift()
    if (next !== undefined) await report(surfaceId, next)
  }
}

const SUCCESS = [
  { status: 'building' },
  { status: 'deploying', log_line: 'Moved \u001b[32mtraffic\u001b[0m\u001b]0;x' },
  { status: 'succeeded' },
]

describe('deploying as a script', () => {
  it('deploys what was reviewed, follows the deploy, and exits with 0 when it has succeeded', async () => {
    const { id } = await insertSurface(console_.deps)
    const args = ['deploy', id, '--ref', 'main', '--confirm', id, '--reason', 'Nightly', '--watch']
    const { code, out, err } = await run(args, { onPause: reporting(id, SUCCESS) })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`To deploy: main at ${SHA.slice(0, 7)}.`)
    expect(out).toMatch(/Deploy: active[\s\S]*Deploy: done/)
    expect(await console_.deps.db.deploy.findFirst({ where: { surfaceId: id } })).toMatchObject({
      sha: SHA,
      reason: 'Nightly',
    })
  })

  it('shows no control character of a log line to the terminal', async () => {
    const { id } = await insertSurface(console_.deps)
    const { out } = await run(['deploy', id, '--confirm', id, '--watch'], { onPause: reporting(id, SUCCESS) })
    expect(out).toContain('│ Moved traffic⟨ESC⟩]0;x')
    expect(out).not.toContain('\u001b')
  })

  it('prints one JSON document with --json, and everything else on standard error', async () => {
    const { id } = await insertSurface(console_.deps)
    const args = ['deploy', id, '--confirm', id, '--watch', '--json']
    const { out, err } = await run(args, { onPause: reporting(id, SUCCESS) })
    expect(JSON.parse(out)).toMatchObject({ status: 'succeeded', surface: { id } })
    expect(err).toContain('To deploy: main')
  })

  it.each([
    [1, [{ status: 'building' }, { status: 'failed', failure_stage: 'build_failed' }]],
    [3, []],
  ] as const)('exits with %i when the deploy has ended without success', async (code, bodies) => {
    const { id } = await insertSurface(console_.deps)
    const reports = reporting(id, bodies)
    const onPause = async () => {
      await reports()
      if (bodies.length > 0) return
      const ended = { status: 'cancelled', finishedAt: new Date() }
      await console_.deps.db.deploy.updateMany({ where: { surfaceId: id }, data: ended })
    }
    expect(await run(['deploy', id, '--confirm', id, '--watch'], { onPause })).toMatchObject({ code })
  })

  it('makes one deploy of one command, although the answer of the console was lost twice', async () => {
    const { id } = await insertSurface(console_.deps)
    server.losing.answers = 2
    const { code, err } = await run(['deploy', id, '--confirm', id])
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('it stays one deploy') })
    expect(await console_.deps.db.deploy.count({ where: { surfaceId: id } })).toBe(1)
    expect(github.dispatches()).toHaveLength(1)
  })

  it('goes on following while the console does not answer', async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'building', { githubRunId: 4294967296n })
    const reports = reporting(surface.id, [{ status: 'deploying' }, { status: 'succeeded' }])
    const environment = { DEPLOY_CONSOLE_URL: server.address, DEPLOY_CONSOLE_TOKEN: token }
    const answered = globalThis.fetch
    let polls = 0
    globalThis.fetch = (...sent) => {
      polls += 1
      return polls === 2 ? Promise.reject(new TypeError('fetch failed')) : answered(...sent)
    }
    try {
      const { code, err } = await run(['watch', id], { environment, onPause: reports })
      expect({ code, err }).toMatchObject({
        code: 0,
        err: expect.stringContaining('The progress of the deploy is not known right now.'),
      })
    } finally {
      globalThis.fetch = answered
    }
  })
})

async function surfaceWithChecklist(): Promise<string> {
  const { id } = await insertSurface(console_.deps)
  const checklist = ['Ask support', 'Try the migration']
  await console_.deps.db.surface.update({ where: { id }, data: { checklist } })
  return id
}

describe('a deploy that waits in the queue', () => {
  it('is refused without --queue, and with it is followed from its turn to its end', async () => {
    const { id: ahead, surface } = await insertDeployAt(console_.deps, 'building')
    const args = ['deploy', surface.id, '--confirm', surface.id]
    expect(await run(args)).toMatchObject({ code: 1, err: 'Nothing was deployed.' })
    const reports = reporting(surface.id, SUCCESS)
    let pauses = 0
    const onPause = async () => {
      pauses += 1
      if (pauses === 1) expect((await run(['status', surface.id])).out).toContain('queued 1: main at')
      if (pauses === 1) await moveDeploy(console_.deps.db, ahead, 'succeeded')
      if (pauses === 1) await takeTurn(console_.deps, surface.id)
      else await reports()
    }
    const { code, out, err } = await run([...args, '--queue', '--watch'], { onPause })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Next in the queue, behind the deploy of main by operator. Nothing is deployed yet.')
    expect(out).toMatch(/Deploy: active[\s\S]*Deploy: done/)
  })

  it('says why the queue has stopped, and exits with 3 when the request is withdrawn', async () => {
    const { id: ahead, surface } = await insertDeployAt(console_.deps, 'building')
    let pauses = 0
    const onPause = async () => {
      pauses += 1
      if (pauses === 1) await moveDeploy(console_.deps.db, ahead, 'failed')
      if (pauses === 1) return
      const { id } = await console_.deps.db.queuedRequest.findFirstOrThrow({ where: { surfaceId: surface.id } })
      await withdrawQueued(console_.deps, ada, id)
    }
    const { code, out } = await run(['deploy', surface.id, '--confirm', surface.id, '--queue', '--watch'], { onPause })
    expect({ code, out }).toMatchObject({ code: 3, out: expect.stringContaining('The queue has stopped') })
    expect(out).toContain('The queued request was withdrawn')
  })
})

describe('one’s own queue', () => {
  /** A queued request behind a deploy under way. */
  async function waiting() {
    const { id: ahead, surface } = await insertDeployAt(console_.deps, 'building')
    const { out } = await run(['deploy', surface.id, '--confirm', surface.id, '--queue', '--json'])
    const { queued } = z.object({ queued: z.object({ id: z.uuid() }) }).parse(JSON.parse(out))
    return { ahead, surface, id: queued.id }
  }

  it('lists what waits and how requests ended, as lines or as one JSON document', async () => {
    const [first, second] = [await waiting(), await waiting()]
    await withdrawQueued(console_.deps, ada, second.id)
    const { code, out } = await run(['queue', 'list'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`${first.id}  ${first.surface.id} .*main at [0-9a-f]{7}  expires 20`))
    expect(out).toContain('    Next in the queue, behind the deploy of main by operator.')
    expect(out).toContain(`withdrawn by ada@example.com. Nothing was deployed.`)
    const json: unknown = JSON.parse((await run(['queue', 'list', '--json'])).out)
    const withId = (id: string) => expect.arrayContaining([expect.objectContaining({ id })])
    expect(json).toMatchObject({ waiting: withId(first.id), ended: withId(second.id) })
  })

  it('withdraws a request, once, and exits with 1 when it had ended and with 2 without an id', async () => {
    const { id } = await waiting()
    expect(await run(['queue', 'withdraw', id])).toMatchObject({
      code: 0,
      out: 'The request is withdrawn. Nothing of it is deployed.',
    })
    const { id: taken, surface, ahead } = await waiting()
    await moveDeploy(console_.deps.db, ahead, 'succeeded')
    await takeTurn(console_.deps, surface.id)
    expect(await run(['queue', 'withdraw', taken])).toMatchObject({
      code: 1,
      err: expect.stringContaining('already deployed'),
    })
    expect(await run(['queue', 'withdraw', surface.id])).toMatchObject({ code: 2 })
    expect(await run(['queue', 'withdraw', randomUUID()])).toMatchObject({ code: 1 })
  })

  it('is refused with 4 for a token that may only read', async () => {
    const { id, surface, ahead } = await waiting()
    const reader = await tokenFor({ permissions: ['surface.read', 'deploy.read'] })
    const environment = { DEPLOY_CONSOLE_URL: server.address, DEPLOY_CONSOLE_TOKEN: reader }
    expect(await run(['queue', 'withdraw', id], { environment })).toMatchObject({ code: 4 })
    await moveDeploy(console_.deps.db, ahead, 'failed')
    const args = ['queue', 'continue', surface.id, '--after', ahead]
    expect(await run(args, { environment })).toMatchObject({ code: 4 })
    expect(await run(['queue', 'list'], { environment })).toMatchObject({ code: 0 })
  })

  it('is continued after the deploy that was shown: a script names it, and a person is asked', async () => {
    const { ahead, surface } = await waiting()
    expect(await run(['queue', 'continue', surface.id])).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not wait for a person'),
    })
    await moveDeploy(console_.deps.db, ahead, 'failed')
    const unasked = await run(['queue', 'continue', surface.id])
    expect(unasked).toMatchObject({ code: 2, out: 'The deploy ahead failed.' })
    expect(unasked.err).toContain(`A script passes --after ${ahead}.`)
    const declined = await run(['queue', 'continue', surface.id], { ask: async () => 'no' })
    expect(declined).toMatchObject({ code: 3, err: 'The queue was not continued.' })
    expect(await run(['queue', 'continue', surface.id, '--after', randomUUID()])).toMatchObject({ code: 1 })
    expect(await console_.deps.db.deploy.findUniqueOrThrow({ where: { id: ahead } })).toMatchObject({
      queueContinuedAt: null,
    })
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return 'yes'
    }
    const { code, out } = await run(['queue', 'continue', surface.id, '--json'], { ask })
    expect({ code, json: JSON.parse(out) }).toEqual({
      code: 0,
      json: { surface: surface.id, continued_after: ahead },
    })
    expect(asked).toEqual([`Continue after deploy ${ahead}? What waits: 1. (yes or no) `])
    // A repetition by a script gets the same answer.
    expect(await run(['queue', 'continue', surface.id, '--after', ahead])).toMatchObject({ code: 0 })
  })
})

describe('a deploy that is not made', () => {
  it.each([
    ['a script gives no confirmation', [], {}, 2],
    ['a script confirms another name', ['--confirm', 'api-staging'], {}, 2],
    ['a person types another name', [], { ask: async () => 'api-staging' }, 3],
  ] as const)('is said by the exit code if %s', async (_, more, machine, code) => {
    const { id } = await insertSurface(console_.deps)
    const answer = await run(['deploy', id, ...more], machine)
    expect(answer).toMatchObject({ code, err: expect.stringContaining('Nothing was deployed.') })
    expect(github.dispatches()).toEqual([])
  })

  it('is made when a person types the confirm phrase', async () => {
    const { id } = await insertSurface(console_.deps)
    const questions: string[] = []
    const ask = async (question: string) => {
      questions.push(question)
      return id
    }
    expect(await run(['deploy', id], { ask })).toMatchObject({ code: 0 })
    expect(questions).toEqual([`Type ${id} to deploy: `])
  })

  it('asks a person about each line of the checklist, and stops at the first that is not checked', async () => {
    const surface = await surfaceWithChecklist()
    const questions: string[] = []
    const answering = (answers: readonly string[]) => async (question: string) => {
      questions.push(question)
      return answers[questions.length - 1] ?? surface
    }
    expect(await run(['deploy', surface], { ask: answering(['yes', '']) })).toMatchObject({
      code: 3,
      err: expect.stringContaining('That line is not checked. Nothing was deployed.'),
    })
    questions.length = 0
    expect(await run(['deploy', surface], { ask: answering(['y', 'YES']) })).toMatchObject({ code: 0 })
    expect(questions).toEqual([
      'Checked: Ask support (yes or no) ',
      'Checked: Try the migration (yes or no) ',
      `Type ${surface} to deploy: `,
    ])
    expect(await console_.deps.db.deploy.findFirst({ where: { surfaceId: surface } })).toMatchObject({
      checklist: ['Ask support', 'Try the migration'],
    })
  })

  it('lets a script name each line that was checked, and no others', async () => {
    const surface = await surfaceWithChecklist()
    const args = ['deploy', surface, '--confirm', surface]
    expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining('--checked with each line') })
    const [one, two] = [
      ['--checked', 'Ask support'],
      ['--checked', 'Try the migration'],
    ]
    expect(await run([...args, ...one])).toMatchObject({ code: 2, err: expect.stringContaining('is not ticked') })
    expect(await run([...args, ...one, ...two, '--checked', 'All'])).toMatchObject({ code: 2 })
    expect(github.dispatches()).toEqual([])
    expect(await run([...args, ...one, ...two])).toMatchObject({ code: 0 })
  })

  it('exits with 4 if the surface is locked, unless the freeze is overridden', async () => {
    const { id } = await insertSurface(console_.deps)
    const grace = await insertMember(console_.deps, 'grace@example.com')
    await lockSurface(console_.deps, grace, { surfaceId: id, reason: 'Migration' })
    expect(await run(['deploy', id, '--confirm', id])).toMatchObject({ code: 4, err: 'Nothing was deployed.' })
    expect(github.dispatches()).toEqual([])
    const args = ['deploy', id, '--confirm', id, '--override-freeze', 'Security fix']
    expect(await run(args)).toMatchObject({ code: 0 })
    expect(await run(['unlock', id])).toMatchObject({ code: 0 })
  })

  it('exits with 4 if the token may not deploy there, or is refused', async () => {
    const { id } = await insertSurface(console_.deps)
    const as = async (secret: string) => {
      const environment = { DEPLOY_CONSOLE_URL: server.address, DEPLOY_CONSOLE_TOKEN: secret }
      return (await run(['deploy', id, '--confirm', id], { environment })).code
    }
    expect(await as(await tokenFor({ environments: ['staging'] }))).toBe(4)
    expect(await as('dc_mistyped')).toBe(4)
    expect(github.dispatches()).toEqual([])
  })

  it('exits with 1 if no earlier deploy is proven, and with 2 for arguments that do not fit', async () => {
    const { id } = await insertSurface(console_.deps)
    expect(await run(['rollback', id, '--confirm', id])).toMatchObject({ code: 1 })
    expect(await run(['deploy', id, '--watsh'])).toMatchObject({ code: 2 })
    expect(await run(['deploy'])).toMatchObject({ code: 2, err: expect.stringContaining('<surface>: required') })
    expect(await run(['undeploy', id])).toMatchObject({ code: 2 })
  })
})

it('locks until an end, and sets a notice that refuses nothing', async () => {
  const { id } = await insertSurface(console_.deps)
  expect(await run(['lock', id, '--reason', 'Ask Grace first', '--until', '1d', '--notice'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ has a notice until \S+Z\. Lift it with: lift [-0-9a-f]{36}$/),
  })
  expect(await run(['deploy', id, '--confirm', id])).toMatchObject({ code: 0 })
  const { out } = await run(['lock', id, '--reason', 'Migration', '--until', '2026-12-24T18:00:00+01:00'])
  expect(out).toBe(`${id} is locked until 2026-12-24T17:00:00.000Z.`)
  expect(await run(['lock', id, '--reason', 'Migration', '--until', 'tomorrow'])).toMatchObject({ code: 2 })
  const rows = await console_.deps.db.freeze.findMany({ where: { surfaceId: id }, orderBy: { id: 'asc' } })
  expect(rows.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual(['notice: Ask Grace first', 'lock: Migration'])
})

it('freezes by a rule that recurs, which is complete or refused', async () => {
  const rule = ['--rrule', 'FREQ=WEEKLY;BYDAY=FR', '--zone', 'Europe/Berlin', '--start', '2026-12-04T16:00']
  const args = ['freeze', 'staging', '--reason', 'Weekend', ...rule]
  expect(await run(args)).toMatchObject({ code: 2, err: expect.stringContaining('--for: required') })
  expect(await run([...args, '--for', 'long'])).toMatchObject({ code: 2 })
  const { code, out } = await run([...args, '--for', '8h', '--json'])
  expect(code).toBe(0)
  const opened = z.object({ id: z.uuid(), recurrence: z.unknown() }).parse(JSON.parse(out))
  expect(opened.recurrence).toEqual({
    rule: 'FREQ=WEEKLY;BYDAY=FR',
    time_zone: 'Europe/Berlin',
    local_start: '2026-12-04T16:00',
    duration_minutes: 480,
  })
  expect(await run(['lift', opened.id])).toMatchObject({ code: 0 })
})

it('says before and after a deploy that the console rolls back by itself, and how to disarm it', async () => {
  const { id } = await insertSurface(console_.deps)
  const armed = { rollbackMode: 'auto', watchMinutes: 15 }
  await console_.deps.db.surface.update({ where: { id }, data: armed })
  const { code, out } = await run(['deploy', id, '--confirm', id, '--watch'], { onPause: reporting(id, SUCCESS) })
  expect(code).toBe(0)
  expect(out).toMatch(
    /Armed: rolls back by itself if unhealthy within 15 min\.[\s\S]*Deploy [-0-9a-f]{36} was requested/,
  )
  expect(out).toMatch(/Succeeded\.[\s\S]*Disarm it with: stop-watching [-0-9a-f]{36}$/)
})

it('stops watching a deploy, and says that nothing is watched if its surface declares no rollback', async () => {
  const { id, surface } = await insertDeployAt(console_.deps, 'succeeded')
  expect(await run(['stop-watching', id])).toMatchObject({ code: 1, err: expect.stringContaining('is not watched') })
  const watch = { deployId: id, surfaceId: surface.id, kind: 'deploy', mode: 'auto', minutes: 10, declaration: 'd' }
  await console_.deps.db.deployWatch.create({ data: watch })
  expect(await run(['stop-watching', id])).toEqual({
    code: 0,
    out: 'Not armed any more. Somebody stopped watching.',
    err: '',
  })
})

it('a rollback names the deploy whose commit it ships', async () => {
  const { id, surface } = await insertDeployAt(console_.deps, 'succeeded')
  await console_.deps.db.deploy.update({ where: { id }, data: { sha: SHA } })
  const { code, err } = await run(['rollback', surface.id, '--to', id, '--confirm', surface.id])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(
    await console_.deps.db.deploy.findFirst({ where: { surfaceId: surface.id }, orderBy: { id: 'desc' } }),
  ).toMatchObject({
    kind: 'rollback',
    sourceId: id,
    sha: SHA,
  })
})

it('a promotion ships what the other surface runs', async () => {
  const from = await insertSurface(console_.deps, { environment: 'staging' })
  const to = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({
    where: { id: from.id },
    data: { runningSha: SHA, runningSeenAt: new Date() },
  })
  const { code, err } = await run(['promote', to.id, '--from', from.id, '--confirm', to.id])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(await console_.deps.db.deploy.findFirst({ where: { surfaceId: to.id } })).toMatchObject({
    kind: 'promotion',
    sha: SHA,
  })
})

it('a freeze ends after the time that was asked for, and a script lifts it', async () => {
  const before = Date.now()
  const { out } = await run(['freeze', 'staging', '--reason', 'Release', '--until', '2h', '--json'])
  const { id, ends_at: end } = z.object({ id: z.string(), ends_at: z.iso.datetime() }).parse(JSON.parse(out))
  expect(Date.parse(end) - before).toBeGreaterThanOrEqual(7_200_000)
  expect((await run(['freezes'])).out).toContain(id)
  expect(await run(['lift', id])).toMatchObject({ code: 0 })
  expect((await run(['freezes'])).out).not.toContain(id)
})

it('the status of a surface says what runs and what holds it', async () => {
  const { id } = await insertSurface(console_.deps, { environment: 'staging' })
  await run(['lock', id, '--reason', 'Migration'])
  expect((await run(['status', id])).out).toMatch(
    /staging\s+unknown\s+unknown\s+no deploy\n.*locked until it is lifted: Migration/,
  )
  expect((await run(['status'])).out).toContain(id)
})

it('the status names the deploy that holds a surface, and gives no end to a window that recurs', async () => {
  const { id, surface } = await insertDeployAt(console_.deps, 'timed_out')
  await console_.deps.db.deploy.update({ where: { id }, data: { holdsSurface: true } })
  const recurrence = { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T00:00', durationMinutes: 1440 }
  await openFreeze(console_.deps, ada, { surfaceId: surface.id, reason: 'Every day', recurrence })
  const { out } = await run(['status', surface.id])
  expect(out).toContain(`held by deploy ${id}: no run was seen, and one may still start`)
  expect(out).toContain('frozen: Every day')
  expect((await run(['freezes'])).out).toContain('every day at 00:00 for 1 d, UTC')
})

it('a surface that needs approval gets a request, which the token of a script cannot approve', async () => {
  const { id } = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({ where: { id }, data: { requiresApproval: true } })
  const { code, out } = await run(['deploy', id, '--confirm', id])
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Another person must approve this') })
  const approval = await console_.deps.db.approval.findFirstOrThrow({ where: { surfaceId: id } })
  expect((await run(['approvals'])).out).toContain(approval.id)
  expect(await run(['approve', approval.id, '--confirm', id])).toMatchObject({ code: 4 })
  expect(github.dispatches()).toEqual([])
})
