import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readFlags } from '~/server/flags/read-flags'
import { changeFlag, listFlags } from '~/server/flags/rollout'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

const FLAG = 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'
let console_: TestConsole
/** A clock that moves on a second whenever it is read: what comes later has a later time. */
let clock = Date.now()
const now = () => {
  clock += 1_000
  return new Date(clock)
}
beforeAll(async () => {
  const { deps, close } = await createTestConsole()
  console_ = { deps: { ...deps, now }, close }
})
// As a flag is before anybody promoted it: the file's default, off.
beforeEach(() => console_.deps.db.flagPromotion.deleteMany({ where: { flag: FLAG } }))
afterAll(() => console_.close())

const promote = (environment: 'staging' | 'production', actor = 'ada') =>
  changeFlag(console_.deps, actorNamed(actor), 'promote', { flag: FLAG, environment })
const demote = (environment: 'staging' | 'production') =>
  changeFlag(console_.deps, actorNamed('ada'), 'demote', { flag: FLAG, environment })
const isOn = async (environment: string) => (await readFlags(console_.deps, [FLAG], environment))[FLAG]

async function flagEvents() {
  const rows = await console_.deps.db.auditEvent.findMany({
    where: { action: { startsWith: 'console.flag.' } },
    orderBy: { id: 'asc' },
    select: { action: true, actor: true, payload: true },
  })
  return rows
}

async function shipToStaging(status: string, shipped = status === 'succeeded' ? 'yes' : 'unknown') {
  const { deps } = console_
  await recordDeploy(status, shipped, deps.now())
}

async function recordDeploy(status: string, shipped: string, requestedAt: Date) {
  const { deps } = console_
  const surface = await insertSurface(deps, { environment: 'staging' })
  const id = deps.newId()
  await deps.db.deploy.create({
    data: {
      id,
      surfaceId: surface.id,
      environment: 'staging',
      repository: surface.repository,
      workflow: surface.workflow,
      ref: 'main',
      workflowRef: 'main',
      status,
      shipped,
      requestedBy: 'ada',
      idempotencyKey: id,
      requestDigest: 'digest',
      phaseCallbacks: true,
      requestedAt,
      lastEventAt: requestedAt,
      finishedAt: requestedAt,
    },
  })
}

describe('a flag reaches production', () => {
  it('only after staging', async () => {
    await expect(promote('production')).rejects.toMatchObject({
      code: 'flag_change_refused',
      message: expect.stringContaining('not on for staging'),
    })
    expect(await isOn('production')).toBe(false)
  })

  it('only after a deploy to staging succeeded with the flag on there', async () => {
    await shipToStaging('succeeded')
    await promote('staging')
    await shipToStaging('failed')
    await expect(promote('production')).rejects.toMatchObject({
      message: expect.stringContaining('No deploy to staging is proven to have shipped since'),
    })
    await shipToStaging('succeeded')
    expect(await promote('production')).toEqual({ changed: true })
    expect(await isOn('production')).toBe(true)
  })

  it('not on a success that nothing proves to have shipped', async () => {
    await promote('staging')
    await shipToStaging('succeeded', 'unknown')
    await expect(promote('production')).rejects.toMatchObject({ code: 'flag_change_refused' })
  })

  it('not on a deploy that was requested before the switch and ended after it', async () => {
    const before = console_.deps.now()
    await promote('staging')
    await recordDeploy('succeeded', 'yes', before)
    await expect(promote('production')).rejects.toMatchObject({ code: 'flag_change_refused' })
  })

  it('only after another success once staging was switched off and on again, also where a migration promoted it', async () => {
    await console_.deps.db.flagPromotion.createMany({
      data: ['staging', 'production'].map((environment) => ({
        flag: FLAG,
        environment,
        enabled: true,
        promotedBy: 'migration',
        promotedAt: console_.deps.now(),
      })),
    })
    await shipToStaging('succeeded')
    await demote('production')
    await demote('staging')
    await promote('staging')
    await expect(promote('production')).rejects.toMatchObject({ code: 'flag_change_refused' })
    await shipToStaging('succeeded')
    expect(await promote('production')).toEqual({ changed: true })
  })

  it('again, after it was demoted there alone, without another deploy', async () => {
    await promote('staging')
    await shipToStaging('succeeded')
    await promote('production')
    await demote('production')
    expect(await isOn('production')).toBe(false)
    expect(await promote('production')).toEqual({ changed: true })
  })
})

describe('a flag goes off', () => {
  it('for production at any time, and for staging only when production is off', async () => {
    await promote('staging')
    await shipToStaging('succeeded')
    await promote('production')
    await expect(demote('staging')).rejects.toMatchObject({ message: expect.stringContaining('on for production') })
    expect(await isOn('staging')).toBe(true)
    await demote('production')
    await demote('staging')
    expect([await isOn('staging'), await isOn('production')]).toEqual([false, false])
  })
})

it('in an environment of another name a flag is what it is for staging, on and off', async () => {
  expect(await isOn('qa')).toBe(false)
  await promote('staging')
  expect([await isOn('qa'), await isOn('production')]).toEqual([true, false])
  await demote('staging')
  expect(await isOn('qa')).toBe(false)
})

describe('every change', () => {
  it('is audited with who, what and what was before; a refusal too; a repetition adds nothing', async () => {
    const before = (await flagEvents()).length
    await promote('staging', 'grace')
    expect(await promote('staging')).toEqual({ changed: false })
    await expect(promote('production')).rejects.toThrow()
    await demote('staging')
    expect((await flagEvents()).slice(before)).toEqual([
      { action: 'console.flag.promoted', actor: 'grace', payload: { flag: FLAG, environment: 'staging', was: false } },
      {
        action: 'console.flag.change_refused',
        actor: 'ada',
        payload: { flag: FLAG, environment: 'production', change: 'promote', reason: expect.any(String) },
      },
      { action: 'console.flag.demoted', actor: 'ada', payload: { flag: FLAG, environment: 'staging', was: true } },
    ])
  })

  it('asked eight times at once happens once', async () => {
    const before = (await flagEvents()).length
    const answers = await Promise.all(Array.from({ length: 8 }, () => promote('staging')))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await flagEvents()).toHaveLength(before + 1)
  })

  it('keeps staging on under a production that is on, however two changes race', async () => {
    for (let round = 0; round < 10; round += 1) {
      await console_.deps.db.flagPromotion.deleteMany({ where: { flag: FLAG } })
      await promote('staging')
      await shipToStaging('succeeded')
      await Promise.allSettled([promote('production'), demote('staging')])
      const [staging, production] = [await isOn('staging'), await isOn('production')]
      expect(production && !staging).toBe(false)
    }
  })

  it('for production takes a proof of the last 15 minutes, on and off; for staging none', async () => {
    const change = (way: 'promote' | 'demote', environment: 'staging' | 'production') => {
      const provedAt = new Date(clock - 16 * 60_000)
      return changeFlag(console_.deps, actorNamed('ada', { provedAt }), way, { flag: FLAG, environment })
    }
    expect(await change('promote', 'staging')).toEqual({ changed: true })
    await shipToStaging('succeeded')
    await expect(change('promote', 'production')).rejects.toMatchObject({ code: 'proof_stale' })
    expect(await isOn('production')).toBe(false)
    await promote('production')
    await expect(change('demote', 'production')).rejects.toMatchObject({ code: 'proof_stale' })
    expect(await isOn('production')).toBe(true)
  })

  it('of a flag nobody declared is refused', async () => {
    const change = changeFlag(console_.deps, actorNamed('ada'), 'promote', {
      flag: 'FLAG_NOBODY_KNOWS',
      environment: 'staging',
    })
    await expect(change).rejects.toMatchObject({ code: 'flag_unknown' })
  })
})

describe('the list', () => {
  it('says for each flag what it is where, who made it so, and what may be done', async () => {
    await promote('staging')
    const flag = (await listFlags(console_.deps)).find(({ name }) => name === FLAG)
    expect(flag).toMatchObject({
      default: false,
      gates: expect.any(String),
      forced: null,
      environments: [
        { environment: 'staging', on: true, because: 'promotion', promotion: { by: 'ada' }, refusal: null },
        {
          environment: 'production',
          on: false,
          because: 'default',
          promotion: null,
          refusal: expect.stringContaining('No deploy to staging'),
        },
      ],
    })
  })

  it('shows an environment variable as what wins, and the promotion beneath it', async () => {
    await promote('staging')
    const { deps } = console_
    const forced = { ...deps, config: { ...deps.config, forcedFlags: { [FLAG]: false } } }
    const flag = (await listFlags(forced)).find(({ name }) => name === FLAG)
    expect(flag).toMatchObject({
      forced: false,
      environments: [
        { environment: 'staging', on: false, because: 'variable', promoted: true },
        { environment: 'production', on: false, because: 'variable', promoted: false },
      ],
    })
    expect(await readFlags(forced, [FLAG], 'staging')).toEqual({ [FLAG]: false })
  })
})

it('a fresh install has every declared flag promoted for both environments', async () => {
  const fresh = await createTestConsole()
  for (const flag of await listFlags(fresh.deps)) {
    expect(flag.environments.map(({ on, because }) => [on, because])).toEqual([
      [true, 'promotion'],
      [true, 'promotion'],
    ])
  }
  await fresh.close()
})
