import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { insertDeployAt, insertSurface } from '~test/support/console'
import { SHA } from '~test/support/scripted-github'
import { insertMember } from '~test/support/token-owners'
import { type CommandWorld, createCommandWorld, SUCCESS } from './command-world'

let world: CommandWorld
beforeAll(async () => {
  world = await createCommandWorld()
})
afterEach(() => {
  world.github.requests.length = 0
})
afterAll(() => world.close())

const run: CommandWorld['run'] = (...command) => world.run(...command)

describe('deploying as a script', () => {
  it('deploys what was reviewed, follows the deploy, and exits with 0 when it has succeeded', async () => {
    const { id } = await insertSurface(world.deps)
    const args = ['deploy', id, '--ref', 'main', '--confirm', id, '--reason', 'Nightly', '--watch']
    const { code, out, err } = await run(args, { onPause: world.reporting(id, SUCCESS) })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`To deploy: main at ${SHA.slice(0, 7)}.`)
    expect(out).toMatch(/Deploy: active[\s\S]*Deploy: done/)
    expect(await world.deps.db.deploy.findFirst({ where: { surfaceId: id } })).toMatchObject({
      sha: SHA,
      reason: 'Nightly',
    })
  })

  it('shows no control character of a log line to the terminal', async () => {
    const { id } = await insertSurface(world.deps)
    const { out } = await run(['deploy', id, '--confirm', id, '--watch'], { onPause: world.reporting(id, SUCCESS) })
    expect(out).toContain('│ Moved traffic⟨ESC⟩]0;x')
    expect(out).not.toContain('\u001b')
  })

  it('prints one JSON document with --json, and everything else on standard error', async () => {
    const { id } = await insertSurface(world.deps)
    const args = ['deploy', id, '--confirm', id, '--watch', '--json']
    const { out, err } = await run(args, { onPause: world.reporting(id, SUCCESS) })
    expect(JSON.parse(out)).toMatchObject({ status: 'succeeded', surface: { id } })
    expect(err).toContain('To deploy: main')
  })

  it.each([
    [1, [{ status: 'building' }, { status: 'failed', failure_stage: 'build_failed' }]],
    [3, []],
  ] as const)('exits with %i when the deploy has ended without success', async (code, bodies) => {
    const { id } = await insertSurface(world.deps)
    const reports = world.reporting(id, bodies)
    const onPause = async () => {
      await reports()
      if (bodies.length > 0) return
      const ended = { status: 'cancelled', finishedAt: new Date() }
      await world.deps.db.deploy.updateMany({ where: { surfaceId: id }, data: ended })
    }
    expect(await run(['deploy', id, '--confirm', id, '--watch'], { onPause })).toMatchObject({ code })
  })

  it('makes one deploy of one command, although the answer of the console was lost twice', async () => {
    const { id } = await insertSurface(world.deps)
    world.server.losing.answers = 2
    const { code, err } = await run(['deploy', id, '--confirm', id])
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('it stays one deploy') })
    expect(await world.deps.db.deploy.count({ where: { surfaceId: id } })).toBe(1)
    expect(world.github.dispatches()).toHaveLength(1)
  })

  it('goes on following while the console does not answer', async () => {
    const { id, surface } = await insertDeployAt(world.deps, 'building', { githubRunId: 4294967296n })
    const reports = world.reporting(surface.id, [{ status: 'deploying' }, { status: 'succeeded' }])
    const environment = { DEPLOY_CONSOLE_URL: world.server.address, DEPLOY_CONSOLE_TOKEN: world.token }
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
  const { id } = await insertSurface(world.deps)
  const checklist = ['Ask support', 'Try the migration']
  await world.deps.db.surface.update({ where: { id }, data: { checklist } })
  return id
}

describe('a deploy that is not made', () => {
  it.each([
    ['a script gives no confirmation', [], {}, 2],
    ['a script confirms another name', ['--confirm', 'api-staging'], {}, 2],
    ['a person types another name', [], { ask: async () => 'api-staging' }, 3],
  ] as const)('is said by the exit code if %s', async (_, more, machine, code) => {
    const { id } = await insertSurface(world.deps)
    const answer = await run(['deploy', id, ...more], machine)
    expect(answer).toMatchObject({ code, err: expect.stringContaining('Nothing was deployed.') })
    expect(world.github.dispatches()).toEqual([])
  })

  it('is made when a person types the confirm phrase', async () => {
    const { id } = await insertSurface(world.deps)
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
    expect(await world.deps.db.deploy.findFirst({ where: { surfaceId: surface } })).toMatchObject({
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
    expect(world.github.dispatches()).toEqual([])
    expect(await run([...args, ...one, ...two])).toMatchObject({ code: 0 })
  })

  it('exits with 4 if the surface is locked, unless the freeze is overridden', async () => {
    const { id } = await insertSurface(world.deps)
    const grace = await insertMember(world.deps, 'grace@example.com')
    await lockSurface(world.deps, grace, { surfaceId: id, reason: 'Migration' })
    expect(await run(['deploy', id, '--confirm', id])).toMatchObject({ code: 4, err: 'Nothing was deployed.' })
    expect(world.github.dispatches()).toEqual([])
    const args = ['deploy', id, '--confirm', id, '--override-freeze', 'Security fix']
    expect(await run(args)).toMatchObject({ code: 0 })
    expect(await run(['unlock', id])).toMatchObject({ code: 0 })
  })

  it('exits with 4 if the token may not deploy there, or is refused', async () => {
    const { id } = await insertSurface(world.deps)
    const as = async (secret: string) => {
      const environment = { DEPLOY_CONSOLE_URL: world.server.address, DEPLOY_CONSOLE_TOKEN: secret }
      return (await run(['deploy', id, '--confirm', id], { environment })).code
    }
    expect(await as(await world.tokenFor({ environments: ['staging'] }))).toBe(4)
    expect(await as('dc_mistyped')).toBe(4)
    expect(world.github.dispatches()).toEqual([])
  })

  it('exits with 1 if no earlier deploy is proven, and with 2 for arguments that do not fit', async () => {
    const { id } = await insertSurface(world.deps)
    expect(await run(['rollback', id, '--confirm', id])).toMatchObject({ code: 1 })
    expect(await run(['deploy', id, '--watsh'])).toMatchObject({ code: 2 })
    expect(await run(['deploy'])).toMatchObject({ code: 2, err: expect.stringContaining('<surface>: required') })
    expect(await run(['undeploy', id])).toMatchObject({ code: 2 })
  })
})

it('locks until an end, and sets a notice that refuses nothing', async () => {
  const { id } = await insertSurface(world.deps)
  expect(await run(['lock', id, '--reason', 'Ask Grace first', '--until', '1d', '--notice'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ has a notice until \S+Z\. Lift it with: lift [-0-9a-f]{36}$/),
  })
  expect(await run(['deploy', id, '--confirm', id])).toMatchObject({ code: 0 })
  const { out } = await run(['lock', id, '--reason', 'Migration', '--until', '2026-12-24T18:00:00+01:00'])
  expect(out).toBe(`${id} is locked until 2026-12-24T17:00:00.000Z.`)
  expect(await run(['lock', id, '--reason', 'Migration', '--until', 'tomorrow'])).toMatchObject({ code: 2 })
  const rows = await world.deps.db.freeze.findMany({ where: { surfaceId: id }, orderBy: { id: 'asc' } })
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
  const { id } = await insertSurface(world.deps)
  const armed = { rollbackMode: 'auto', watchMinutes: 15 }
  await world.deps.db.surface.update({ where: { id }, data: armed })
  const { code, out } = await run(['deploy', id, '--confirm', id, '--watch'], { onPause: world.reporting(id, SUCCESS) })
  expect(code).toBe(0)
  expect(out).toMatch(
    /Armed: rolls back by itself if unhealthy within 15 min\.[\s\S]*Deploy [-0-9a-f]{36} was requested/,
  )
  expect(out).toMatch(/Succeeded\.[\s\S]*Disarm it with: stop-watching [-0-9a-f]{36}$/)
})

it('stops watching a deploy, and says that nothing is watched if its surface declares no rollback', async () => {
  const { id, surface } = await insertDeployAt(world.deps, 'succeeded')
  expect(await run(['stop-watching', id])).toMatchObject({ code: 1, err: expect.stringContaining('is not watched') })
  const watch = { deployId: id, surfaceId: surface.id, kind: 'deploy', mode: 'auto', minutes: 10, declaration: 'd' }
  await world.deps.db.deployWatch.create({ data: watch })
  expect(await run(['stop-watching', id])).toEqual({
    code: 0,
    out: 'Not armed any more. Somebody stopped watching.',
    err: '',
  })
})

it('a rollback names the deploy whose commit it ships', async () => {
  const { id, surface } = await insertDeployAt(world.deps, 'succeeded')
  await world.deps.db.deploy.update({ where: { id }, data: { sha: SHA } })
  const { code, err } = await run(['rollback', surface.id, '--to', id, '--confirm', surface.id])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(
    await world.deps.db.deploy.findFirst({ where: { surfaceId: surface.id }, orderBy: { id: 'desc' } }),
  ).toMatchObject({
    kind: 'rollback',
    sourceId: id,
    sha: SHA,
  })
})

it('a promotion ships what the other surface runs', async () => {
  const from = await insertSurface(world.deps, { environment: 'staging' })
  const to = await insertSurface(world.deps)
  await world.deps.db.surface.update({
    where: { id: from.id },
    data: { runningSha: SHA, runningSeenAt: new Date() },
  })
  const { code, err } = await run(['promote', to.id, '--from', from.id, '--confirm', to.id])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(await world.deps.db.deploy.findFirst({ where: { surfaceId: to.id } })).toMatchObject({
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
  const { id } = await insertSurface(world.deps, { environment: 'staging' })
  await run(['lock', id, '--reason', 'Migration'])
  expect((await run(['status', id])).out).toMatch(
    /staging\s+unknown\s+unknown\s+no deploy\n.*locked until it is lifted: Migration/,
  )
  expect((await run(['status'])).out).toContain(id)
})

it('the status names the deploy that holds a surface, and gives no end to a window that recurs', async () => {
  const { id, surface } = await insertDeployAt(world.deps, 'timed_out')
  await world.deps.db.deploy.update({ where: { id }, data: { holdsSurface: true } })
  const recurrence = { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T00:00', durationMinutes: 1440 }
  await openFreeze(world.deps, world.ada, { surfaceId: surface.id, reason: 'Every day', recurrence })
  const { out } = await run(['status', surface.id])
  expect(out).toContain(`held by deploy ${id}: no run was seen, and one may still start`)
  expect(out).toContain('frozen: Every day')
  expect((await run(['freezes'])).out).toContain('every day at 00:00 for 1 d, UTC')
})

it('a surface that needs approval gets a request, which the token of a script cannot approve', async () => {
  const { id } = await insertSurface(world.deps)
  await world.deps.db.surface.update({ where: { id }, data: { requiresApproval: true } })
  const { code, out } = await run(['deploy', id, '--confirm', id])
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Another person must approve this') })
  const approval = await world.deps.db.approval.findFirstOrThrow({ where: { surfaceId: id } })
  expect((await run(['approvals'])).out).toContain(approval.id)
  expect(await run(['approve', approval.id, '--confirm', id])).toMatchObject({ code: 4 })
  expect(world.github.dispatches()).toEqual([])
})
