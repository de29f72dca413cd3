import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import { z } from 'zod'
import { invite, test, whileRequiringApproval } from '~test/e2e/operator'
import { withoutConsoleSettings } from '~test/support/start-product'

let directory: string
test.beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-command-line-'))
})
test.afterAll(() => rmSync(directory, { recursive: true }))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The downloaded command line on one person's machine. `onOutput` sees everything that is printed so far. */
function machineOf(bundle: string, url: string, home: string) {
  return async (args: readonly string[], onOutput: (text: string) => void = () => undefined): Promise<Ran> => {
    const child = spawn(process.execPath, [bundle, ...args], {
      cwd: directory,
      env: { ...withoutConsoleSettings(process.env), XDG_CONFIG_HOME: home, DEPLOY_CONSOLE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const printed = { out: '', err: '' }
    const listen = (stream: typeof child.stdout, key: 'out' | 'err') =>
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed[key] += text
        onOutput(printed.err)
      })
    listen(child.stdout, 'out')
    listen(child.stderr, 'err')
    await once(child, 'close')
    return { code: child.exitCode, ...printed }
  }
}
type Run = ReturnType<typeof machineOf>

/** Signs a machine in, as the person of this window, who types the code. */
async function signIn(run: Run, page: Page, url: string): Promise<void> {
  let shown = (_: string) => {}
  const code = new Promise<string>((resolve) => {
    shown = resolve
  })
  const signingIn = run(['sign-in', url], (text) => {
    const found = /type this code there: (\S+)/.exec(text)?.[1]
    if (found !== undefined) shown(found)
  })
  await page.goto(`${url}/device`)
  await page.getByLabel('Code in your terminal').fill(await code)
  await page.getByRole('button', { name: 'Continue' }).click()
  for (const environment of ['production', 'staging']) await page.getByRole('checkbox', { name: environment }).check()
  await page.getByRole('button', { name: /^Approve/ }).click()
  expect(await signingIn).toMatchObject({ code: 0, out: expect.stringContaining('Signed in to') })
}

test('the downloaded command line signs two people in, deploys, rolls back, locks, freezes, approves, and exits as documented', async ({
  page,
  browser,
  product: { url, dataDir },
  sandbox,
}) => {
  test.setTimeout(300_000)
  const bundle = path.join(directory, 'deploy-console.mjs')
  const downloaded = await page.request.get(`${url}/api/command-line`)
  writeFileSync(bundle, await downloaded.body())
  const run = machineOf(bundle, url, path.join(directory, 'operator'))
  const surface = 'console-staging'
  const named = ['--confirm', surface]

  expect((await run(['status'])).code, 'not signed in').toBe(4)
  await signIn(run, page, url)
  expect((await run(['whoami'])).out).toContain('operator@sandbox.local')

  const first = await run(['deploy', surface, '--ref', 'v1.4.0', ...named, '--watch'])
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toContain('Succeeded.')
  expect((await run(['deploy', surface, ...named, '--watch'])).code).toBe(0)
  const newest = await sandbox.versionOf(surface)
  expect((await run(['status', surface])).out).toContain(newest.slice(0, 7))

  await sandbox.pause('Smoke gate')
  expect((await run(['deploy', surface, ...named])).code).toBe(0)
  const queued = await run(['deploy', surface, '--ref', 'v1.4.0', ...named, '--queue', '--json'])
  const { id: queuedId } = z.object({ id: z.uuid() }).parse(JSON.parse(queued.out).queued)
  expect((await run(['queue', 'list'])).out).toContain(`${queuedId}  ${surface}`)
  expect(await run(['queue', 'continue', surface]), 'it has not stopped').toMatchObject({ code: 1 })
  expect(await run(['queue', 'withdraw', queuedId])).toMatchObject({ code: 0, err: '' })
  expect((await run(['queue', 'list'])).out, 'one’s own decision is no news').not.toContain(queuedId)
  await sandbox.resume('Smoke gate')
  expect((await run(['watch', surface])).code).toBe(0)

  const back = await run(['rollback', surface, ...named, '--watch', '--json'])
  expect(back.code).toBe(0)
  expect(JSON.parse(back.out)).toMatchObject({ status: 'succeeded', kind: 'rollback' })
  expect(await sandbox.versionOf(surface)).not.toBe(newest)
  // The rollback locked the surface, and its holder may deploy.
  expect((await run(['unlock', surface])).code).toBe(0)

  await sandbox.behave('api-staging', 'fail-smoke')
  const failed = await run(['deploy', 'api-staging', '--confirm', 'api-staging', '--watch'])
  expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('Failed at Smoke gate.') })
  await sandbox.behave('api-staging', 'quick')

  expect((await run(['deploy', surface, '--confirm', 'another'])).code, 'the wrong name').toBe(2)
  expect((await run(['deploy', surface])).code, 'nobody to type the name').toBe(2)
  expect((await run(['undeploy', surface])).code, 'no such command').toBe(2)

  await sandbox.pause('Smoke gate')
  const requested = await run(['deploy', 'api-staging', '--confirm', 'api-staging', '--json'])
  const { id } = JSON.parse(requested.out)
  const cancelled = await run(['cancel', id, '--watch'])
  await sandbox.resume('Smoke gate')
  expect(cancelled, 'cancelled').toMatchObject({ code: 3 })

  const tess = machineOf(bundle, url, path.join(directory, 'tess'))
  const other = await invite(page, browser, {
    name: 'Tess',
    email: 'tess@example.com',
    role: 'approver',
  })
  await signIn(tess, other, url)
  expect(await tess(['lock', surface, '--reason', 'Migration', '--until', '2h'])).toMatchObject({ code: 0 })
  expect((await run(['deploy', surface, ...named])).code, 'locked').toBe(4)
  expect((await tess(['unlock', surface])).code).toBe(0)
  const frozen = await tess(['freeze', 'staging', '--reason', 'Release week', '--until', '2h', '--json'])
  expect((await run(['deploy', surface, ...named])).code, 'frozen').toBe(4)
  expect((await tess(['lift', JSON.parse(frozen.out).id])).code).toBe(0)

  await whileRequiringApproval({ dataDir }, 'status-page', async () => {
    const asked = await run(['deploy', 'status-page', '--confirm', 'status-page', '--json'])
    const { approval } = JSON.parse(asked.out)
    expect((await run(['approve', approval.id, '--confirm', 'status-page'])).code, 'one’s own request').toBe(4)
    expect((await tess(['approvals'])).out).toContain(approval.id)
    const approved = await tess(['approve', approval.id, '--confirm', 'status-page', '--watch'])
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('Succeeded.') })
  })
})
