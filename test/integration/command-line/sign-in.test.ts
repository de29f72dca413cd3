import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Machine } from '~/command-line/operator-command'
import { runCommandLine } from '~/command-line/run-command-line'
import type { Actor } from '~/domain/actor'
import type { Deps } from '~/server/deps'
import { revokeTokensOf } from '~/server/tokens/api-tokens'
import { approveDevice, denyDevice, findDevice } from '~/server/tokens/device-sign-in'
import { revokeToken } from '~/server/tokens/manage-tokens'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { startRestServer } from '~test/support/rest-server'
import { type ScriptedGitHub, startScriptedGitHub } from '~test/support/scripted-github'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let deps: Deps
let github: ScriptedGitHub
let server: Awaited<ReturnType<typeof startRestServer>>
let ada: Actor
let people = 0
/** How far the console's clock is ahead of the real one. */
let ahead = 0
let home: string
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  deps = { ...console_.deps, now: () => new Date(Date.now() + ahead) }
  server = await startRestServer(deps)
  for (const environment of ['production', 'staging']) await insertSurface(deps, { environment })
})
beforeEach(async () => {
  ahead = 0
  github.requests.length = 0
  home = mkdtempSync(path.join(tmpdir(), 'operator-'))
  people += 1
  ada = await insertMember(deps, `ada-${people}@example.com`, { role: 'approver' })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
afterAll(async () => {
  await server.close()
  await console_.close()
  await github.close()
})

/** Runs a command at a terminal. `onWait` gets the code that the terminal shows, once for each poll. */
async function run(
  args: readonly string[],
  { onWait, ...machine }: Partial<Machine> & { onWait?: (code: string) => Promise<unknown> } = {},
) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommandLine(
    args,
    {
      environment: { XDG_CONFIG_HOME: home, DEPLOY_CONSOLE_URL: server.address },
      name: 'ada’s laptop',
      print: async (line) => void out.push(line),
      note: (line) => void err.push(line),
      ask: async () => null,
      hasTerminal: true,
      pause: async (ms) => {
        ahead += ms
        const shown = /type this code there: (\S+)/.exec(err.join('\n'))?.[1]
        if (shown !== undefined) await onWait?.(shown.replace('-', ''))
      },
      ...machine,
    },
    { caller: { call: 'deploy-console', notes: [] }, version: '1.2.3' },
  )
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** The person in the browser, with a proof that is a moment old. */
const inBrowser = (): Actor => ({ ...ada, provedAt: deps.now() })
const approveFor = (environments: string[]) => (code: string) =>
  approveDevice(deps, inBrowser(), { code, environments })
const signIn = (environments = ['production', 'staging']) =>
  run(['sign-in', server.address], { onWait: approveFor(environments) })
const credentials = () => path.join(home, 'deploy-console/credentials.json')
const minutes = (count: number) => count * 60_000
const tokensOfAda = () => deps.db.apiToken.findMany({ where: { userId: ada.userId }, orderBy: { id: 'asc' } })

describe('signing in a command line', () => {
  it('shows the machine and the rights to the person, and keeps the token for this account of the machine alone', async () => {
    const seen: unknown[] = []
    const onWait = async (code: string) => {
      seen.push(await findDevice(deps, ada, code))
      await approveFor(['staging'])(code)
    }
    const { code, out } = await run(['sign-in', server.address], { onWait })
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`as ${ada.name}`) })
    expect(seen).toEqual([
      expect.objectContaining({
        purpose: 'sign_in',
        machine: 'ada’s laptop',
        environments: ['production', 'staging'],
        permissions: expect.arrayContaining(['deploy.dispatch', 'deploy.approve']),
      }),
    ])
    expect(statSync(credentials()).mode & 0o777).toBe(0o600)
    expect((await run(['whoami'])).out).toContain(`${ada.name} at ${server.address}: approver, may change staging`)
    expect(await tokensOfAda()).toMatchObject([{ kind: 'person', machine: 'ada’s laptop', environments: ['staging'] }])
    const audit = await deps.db.auditEvent.findMany({ where: { actor: ada.name }, orderBy: { id: 'asc' } })
    expect(audit.map(({ action }) => action)).toEqual(['console.device.approved', 'console.token.created'])
  })

  it('acts as the person, within the environments that were ticked and the rights that the person has now', async () => {
    await signIn(['staging'])
    const [production, staging] = [await insertSurface(deps), await insertSurface(deps, { environment: 'staging' })]
    expect(await run(['deploy', production.id, '--confirm', production.id])).toMatchObject({ code: 4 })
    expect(await run(['deploy', staging.id, '--confirm', staging.id])).toMatchObject({ code: 0 })
    const deploy = await deps.db.deploy.findFirst({ where: { surfaceId: staging.id } })
    expect(deploy).toMatchObject({ requestedBy: ada.name, requestedByUserId: ada.userId })
    await deps.db.member.update({ where: { userId: ada.userId }, data: { role: 'viewer' } })
    expect(await run(['cancel', deploy?.id ?? ''])).toMatchObject({ code: 4 })
  })

  it('exits with 4 and keeps nothing if the person refuses', async () => {
    const onWait = (code: string) => denyDevice(deps, inBrowser(), code)
    expect(await run(['sign-in', server.address], { onWait })).toMatchObject({ code: 4 })
    expect(existsSync(credentials())).toBe(false)
    expect(await tokensOfAda()).toEqual([])
  })

  it('ends without a token after ten minutes without an answer', async () => {
    expect(await run(['sign-in', server.address])).toMatchObject({ code: 1, err: expect.stringContaining('expired') })
    expect(ahead).toBeGreaterThanOrEqual(minutes(10))
  })

  it('replaces the token of an earlier sign-in of the same machine', async () => {
    await signIn()
    await signIn()
    expect((await tokensOfAda()).map(({ revokedAt }) => revokedAt === null)).toEqual([false, true])
  })

  it('ends at once when the token is revoked on the page, and signing out revokes it', async () => {
    await signIn()
    const [token] = await tokensOfAda()
    await revokeToken(deps, ada, token?.id ?? '')
    expect(await run(['status'])).toMatchObject({ code: 4 })
    await signIn()
    expect(await run(['sign-out'])).toMatchObject({ code: 0 })
    expect(existsSync(credentials())).toBe(false)
    expect((await tokensOfAda()).every(({ revokedAt }) => revokedAt !== null)).toBe(true)
  })

  it('sends nothing if other accounts of the machine can read the token', async () => {
    await signIn()
    chmodSync(credentials(), 0o644)
    expect(await run(['status'])).toMatchObject({ code: 2, err: expect.stringContaining('chmod 600') })
  })

  it('sends no token without encryption to another machine', async () => {
    const environment = {
      XDG_CONFIG_HOME: home,
      DEPLOY_CONSOLE_URL: 'http://console.example.com',
      DEPLOY_CONSOLE_TOKEN: 'x',
    }
    expect(await run(['status'], { environment })).toMatchObject({
      code: 2,
      err: expect.stringContaining('not encrypted'),
    })
    mkdirSync(path.dirname(credentials()), { recursive: true })
    writeFileSync(credentials(), '{}', { mode: 0o600 })
    expect(await run(['status'])).toMatchObject({ code: 2, err: expect.stringContaining('sign in again') })
  })
})

describe('a fresh proof for production', () => {
  it('is asked for in the browser, and the same request is then sent again', async () => {
    await signIn()
    const { id } = await insertSurface(deps)
    ahead += minutes(16)
    const seen: string[] = []
    const onWait = async (code: string) => {
      seen.push((await findDevice(deps, inBrowser(), code)).purpose)
      await approveFor([])(code)
    }
    expect(await run(['deploy', id, '--confirm', id], { onWait })).toMatchObject({ code: 0 })
    expect(seen).toEqual(['prove'])
    expect(github.dispatches()).toHaveLength(1)
  })

  it('is not older than the proof of the session that approves, and a session without one cannot approve', async () => {
    await signIn()
    ahead += minutes(16)
    const proved = new Date(deps.now().getTime() - minutes(14))
    const onWait = (code: string) => approveDevice(deps, { ...ada, provedAt: proved }, { code, environments: [] })
    const { id } = await insertSurface(deps)
    expect(await run(['deploy', id, '--confirm', id], { onWait })).toMatchObject({ code: 0 })
    expect(await tokensOfAda()).toMatchObject([{ provedAt: proved }])
    ahead += minutes(2)
    const stale = (code: string) => approveDevice(deps, { ...ada, provedAt: proved }, { code, environments: [] })
    const other = await insertSurface(deps)
    await expect(run(['deploy', other.id, '--confirm', other.id], { onWait: stale })).rejects.toMatchObject({
      code: 'proof_stale',
    })
    expect(github.dispatches()).toHaveLength(1)
  })

  it('cannot be given by another person, and is refused without a terminal', async () => {
    await signIn()
    ahead += minutes(16)
    const { id } = await insertSurface(deps)
    const bob = await insertMember(deps, `bob-${people}@example.com`)
    const onWait = (code: string) => approveDevice(deps, { ...bob, provedAt: deps.now() }, { code, environments: [] })
    await expect(run(['deploy', id, '--confirm', id], { onWait })).rejects.toMatchObject({
      code: 'device_code_unknown',
    })
    expect(await run(['deploy', id, '--confirm', id], { hasTerminal: false })).toMatchObject({ code: 4 })
    expect(github.dispatches()).toEqual([])
  })
})

it('a person approves the request of another person from the terminal, and never their own', async () => {
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { requiresApproval: true } })
  const request = async () => {
    await signIn()
    await run(['deploy', id, '--confirm', id])
    return (await deps.db.approval.findFirstOrThrow({ where: { surfaceId: id }, orderBy: { id: 'desc' } })).id
  }
  const approval = await request()
  expect(await run(['approve', approval, '--confirm', id])).toMatchObject({ code: 4 })
  ada = await insertMember(deps, `grace-${people}@example.com`, { role: 'approver' })
  await signIn()
  const { code, err } = await run(['approve', approval, '--confirm', id])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(await deps.db.deploy.findFirst({ where: { surfaceId: id } })).toMatchObject({ approvedBy: ada.name })
})

describe('the addresses of device sign-in', () => {
  const answer = z.looseObject({
    code: z.string().optional(),
    device_code: z.string().optional(),
    user_code: z.string().optional(),
  })
  const post = async (address: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const sent = await fetch(`${server.address}${address}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: sent.status, ...answer.parse(await sent.json()) }
  }
  const begin = async () => {
    const { device_code = '', user_code: code = '' } = await post('/api/device/code', { machine: 'm' })
    return { device_code, code: code.replace('-', '') }
  }

  it('give one token for one approval, and none to polls that come too often', async () => {
    const { device_code, code } = await begin()
    const poll = () => post('/api/device/token', { device_code })
    expect(await poll()).toMatchObject({ status: 400, code: 'authorization_pending' })
    expect(await poll()).toMatchObject({ status: 400, code: 'slow_down' })
    await approveFor(['staging'])(code)
    ahead += 10_000
    const both = await Promise.all([poll(), poll()])
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1)
    ahead += 10_000
    expect(await poll()).toMatchObject({ code: 'expired_token' })
    await expect(approveFor([])(code)).rejects.toMatchObject({ code: 'device_code_unknown' })
    expect(await tokensOfAda()).toHaveLength(1)
  })

  it('give no token for an approval of somebody whose access ended, or whose tokens were revoked, meanwhile', async () => {
    const first = await begin()
    await approveFor([])(first.code)
    await deps.db.member.update({ where: { userId: ada.userId }, data: { suspendedAt: deps.now() } })
    expect(await post('/api/device/token', { device_code: first.device_code })).toMatchObject({ code: 'access_denied' })
    await deps.db.member.update({ where: { userId: ada.userId }, data: { suspendedAt: null } })
    const second = await begin()
    await approveFor([])(second.code)
    await revokeTokensOf(deps.db, ada.userId, { by: 'console', at: deps.now() })
    expect(await post('/api/device/token', { device_code: second.device_code })).toMatchObject({
      code: 'access_denied',
    })
    expect(await tokensOfAda()).toEqual([])
  })

  it('store neither the codes nor the token', async () => {
    const { device_code, code } = await begin()
    const rows = JSON.stringify(await deps.db.deviceRequest.findMany())
    expect(rows).not.toContain(device_code)
    expect(rows).not.toContain(code)
  })

  it('let one address have at most twenty sign-ins that wait', async () => {
    ahead += minutes(11)
    for (let count = 0; count < 20; count += 1) await begin()
    expect(await post('/api/device/code', { machine: 'm' })).toMatchObject({ status: 429, code: 'rate_limited' })
    ahead += minutes(10)
    expect(await post('/api/device/code', { machine: 'm' })).toMatchObject({ status: 200 })
  })
})
