import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readFlags } from '~/server/flags/flags'
import { changeFlag, listFlags } from '~/server/flags/rollout'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

const FLAG = 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'
let console_: TestConsole
/** A clock that moves on by a second at each reading, so that later events have later times. */
let clock = Date.now()
const now = () => {
  clock += 1_000
  return new Date(clock)
}
beforeAll(async () => {
  const { deps, close } = await createTestConsole()
  console_ = { deps: { ...deps, now }, close }
})
// Before any promotion, the flag has the default of its file: off.
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

describe('promoting a flag to production', () => {
  it('a flag cannot be promoted to production before staging', async () => {
    await expect(promote('production')).rejects.toMatchObject({
      code: 'flag_change_refused',
      message: expect.stringContaining('not on for staging'),
    })
    expect(await isOn('production')).toBe(false)
  })

  it('a flag can be promoted to production only after a deploy to staging that shipped with the flag on', async () => {
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

  it('a success that is not proven to have shipped does not allow a promotion to production', async () => {
    await promote('staging')
    await shipToStaging('succeeded', 'unknown')
    await expect(promote('production')).rejects.toMatchObject({ code: 'flag_change_refused' })
  })

  it('a deploy that was requested before the promotion to staging does not allow a promotion to production', async () => {
    const before = console_.deps.now()
    await promote('staging')
    await recordDeploy('succeeded', 'yes', before)
    await expect(promote('production')).rejects.toMatchObject({ code: 'flag_change_refused' })
  })

  it('a flag switched off and on again in staging needs another deploy to staging before production', async () => {
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

  it('a flag demoted in production alone can be promoted there again without another deploy', async () => {
    await promote('staging')
    await shipToStaging('succeeded')
    await promote('production')
    await demote('production')
    expect(await isOn('production')).toBe(false)
    expect(await promote('production')).toEqual({ changed: true })
  })
})

describe('demoting a flag', () => {
  it('a flag can be demoted in production at any time, and in staging only once production is off', async () => {
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

it('an environment of another name has the flags of staging', async () => {
  expect(await isOn('qa')).toBe(false)
  await promote('staging')
  expect([await isOn('qa'), await isOn('production')]).toEqual([true, false])
  await demote('staging')
  expect(await isOn('qa')).toBe(false)
})

describe('changing a flag', () => {
  it('a change and a refusal are audited with the actor and the previous value, and a repeat is not', async () => {
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

  it('eight simultaneous promotions change the flag once and are audited once', async () => {
    const before = (await flagEvents()).length
    const answers = await Promise.all(Array.from({ length: 8 }, () => promote('staging')))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await flagEvents()).toHaveLength(before + 1)
  })

  it('a flag is never on in production alone, even if a promotion races a demotion', async () => {
    for (let round = 0; round < 10; round += 1) {
      await console_.deps.db.flagPromotion.deleteMany({ where: { flag: FLAG } })
      await promote('staging')
      await shipToStaging('succeeded')
      await Promise.allSettled([promote('production'), demote('staging')])
      const [staging, production] = [await isOn('staging'), await isOn('production')]
      expect(production && !staging).toBe(false)
    }
  })

  it('a change for production requires a fresh proof, and a promotion to staging does not', async () => {
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

  it('a change of an undeclared flag is refused', async () => {
    const change = changeFlag(console_.deps, actorNamed('ada'), 'promote', {
      flag: 'FLAG_NOBODY_KNOWS',
      environment: 'staging',
    })
    await expect(change).rejects.toMatchObject({ code: 'flag_unknown' })
  })
})

describe('the list of flags', () => {
  it('the list shows for each environment whether the flag is on, why, who promoted it and what prevents a promotion', async () => {
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

  it('the list shows that an environment variable overrules the promotion', async () => {
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

it('a new database has every declared flag promoted for both environments', async () => {
  const fresh = await createTestConsole()
  for (const flag of await listFlags(fresh.deps)) {
    expect(flag.environments.map(({ on, because }) => [on, because])).toEqual([
      [true, 'promotion'],
      [true, 'promotion'],
    ])
  }
  await fresh.close()
})
