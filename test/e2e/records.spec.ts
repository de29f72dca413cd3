import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, type Page } from '@playwright/test'
import { z } from 'zod'
import { deploy, test, tile } from '~test/e2e/operator'
import { makeToken } from '~test/e2e/tokens'
import { parseCsv } from '~test/support/parse-csv'
import { deploysOf, fillLog } from '~test/support/product-database'
import { startWebhookReceiver } from '~test/support/webhook-receiver'

const run = promisify(execFile)

test('the commands in docs/rest.md deploy, retry, wait for the outcome and read the log', async ({ page, product }) => {
  const HOME = mkdtempSync(path.join(tmpdir(), 'deploy-console-script-'))
  const token = await makeToken(page, {
    label: 'nightly',
    may: ['Read deploys and their logs', 'Deploy'],
    in: ['staging'],
  })
  writeFileSync(path.join(HOME, '.deploy-console-token'), `${token}\n`, { mode: 0o600 })
  const file = path.resolve(import.meta.dirname, '../../docs/rest.md')
  const commands = [...readFileSync(file, 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code).join('\n')
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', commands], {
    env: {
      ...process.env,
      HOME,
      CONSOLE: product.url,
    },
  })
  rmSync(HOME, { recursive: true })
  expect(stdout).toContain('"status":"succeeded"')
  expect(stdout).toContain('Smoke gate started.')
  expect(stdout).toContain('confirmation-mismatch')
})

test('a script’s deploy is listed on the surface’s page and opens from there', async ({ page }) => {
  await tile(page, 'api-staging')
    .getByRole('link', { name: /^Past deploys of API, staging/ })
    .click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('api-staging')
  const row = page.locator('[data-deploy]').first()
  await expect(row).toContainText('“nightly”')
  await row.getByRole('link', { name: 'Succeeded' }).click()
  await expect(page).toHaveURL(/\/deploys\/[0-9a-f-]{36}$/)
  await expect(page.locator('[data-status="succeeded"]')).toBeVisible()
  await expect(page.locator('[data-proof="token"]')).toContainText('Requested')
  await expect(page.locator('[data-proof="callback"]').last()).toContainText('Succeeded')
})

test('a log of 20,000 lines draws only the lines in view, and its first line and every match are one press away', async ({
  page,
  product,
}) => {
  const [{ id }] = z.tuple([z.object({ id: z.string() })], z.unknown()).parse(await deploysOf(product, 'api-staging'))
  await fillLog(product, id, 20_000)
  await page.goto(`${product.url}/deploys/${id}`)
  const log = page.getByRole('log', { name: 'Log', exact: true })
  await expect(log).toContainText('Line 20000 of the log.')
  expect(await log.getByRole('listitem').count()).toBeLessThan(100)

  await page.getByRole('button', { name: 'First line' }).click()
  await expect(log).toContainText('Line 1 of the log.')
  expect(await log.getByRole('listitem').count()).toBeLessThan(100)
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('needle')
  await expect(page.getByText('1 found')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search the log' }).press('Enter')
  await expect(log.locator('[data-found]')).toContainText('A Needle in the log.')
  await page.getByRole('button', { name: 'Jump to latest' }).click()
  await expect(log).toContainText('Line 20000 of the log.')

  const text = await download(page, 'Download the log')
  expect(text.trimEnd().split('\n')).toHaveLength(20_000)
  expect(text).toMatch(/^\S+Z Line 1 of the log\.\n/)
})

test('all deploys are filtered in the address, and a view of them is kept for the person', async ({
  page,
  product,
}) => {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Deploys' }).click()
  const rows = page.locator('[data-deploy]')
  await expect(rows.first()).toBeVisible()
  await page.getByLabel('Who').selectOption('token:nightly')
  await expect(page).toHaveURL(/\/deploys\?person=token%3Anightly$/)
  await expect(rows.first()).toContainText('token:nightly')
  await page.getByRole('button', { name: 'Save this view' }).click()
  await page.getByLabel('Name of the view').fill('Nightly')
  await page.getByLabel('Name of the view').press('Enter')
  const views = page.getByRole('navigation', { name: 'Views' })
  await expect(views.getByRole('button', { name: 'Nightly', exact: true })).toHaveAttribute('aria-pressed', 'true')

  await page.goto(`${product.url}/deploys`)
  await views.getByRole('button', { name: 'Nightly', exact: true }).click()
  await expect(page.getByLabel('Who')).toHaveValue('token:nightly')
  const [head = [], ...records] = parseCsv(await download(page, 'Export CSV'))
  expect(new Set(records.map((record) => record[head.indexOf('requested_by')]))).toEqual(new Set(['token:nightly']))
  await views.getByRole('button', { name: 'Remove the view Nightly' }).click()
  await expect(views.getByRole('button', { name: 'Nightly', exact: true })).toHaveCount(0)
})

test('the evidence of an ended deploy is downloaded from its page, and the page names who did', async ({
  page,
  product,
}) => {
  const [{ id }] = z.tuple([z.object({ id: z.string() })], z.unknown()).parse(await deploysOf(product, 'api-staging'))
  await page.goto(`${product.url}/deploys/${id}`)
  const file: unknown = JSON.parse(await download(page, 'Download the evidence file'))
  expect(file).toMatchObject({ content: { deploy: { id } }, seal: { record: { deploy_id: id } } })
  await page.getByText('Audit rows').click()
  await expect(page.locator('[data-audit]').filter({ hasText: 'deploy evidence written' })).toContainText('operator@')
})

test('a page is fetched ahead once a pointer rests on its link, and not before', async ({ page, product }) => {
  const ahead: string[] = []
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url())
    if (searchParams.has('_rsc')) ahead.push(pathname)
  })
  const followed = page.waitForRequest((request) => request.url().includes('live.watch'))
  await page.goto(product.url)
  await followed
  await expect(page.getByRole('button', { name: 'Deploy API, staging' })).toBeEnabled()
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Audit' }).hover()
  await expect.poll(() => ahead).toContain('/audit')
  expect(new Set(ahead)).toEqual(new Set(['/audit']))
})

async function download(page: Page, name: string): Promise<string> {
  const started = page.waitForEvent('download')
  await page.getByRole('link', { name }).click()
  return readFileSync(await (await started).path(), 'utf8')
}

test('an auditor filters the audit trail, reloads the filtered page, and exports it as CSV and JSON', async ({
  page,
}) => {
  const pages = page.getByRole('navigation', { name: 'Pages' })
  await pages.getByRole('link', { name: 'Audit' }).click()
  await expect(pages.getByRole('link', { name: 'Audit' })).toHaveAttribute('aria-current', 'page')
  // The page updates without a reload, because the worker seals within seconds.
  await expect(page.locator('[data-sealed]')).toHaveText(/^[1-9]\d* events sealed, last /, { timeout: 30_000 })

  await page.getByLabel('Action').selectOption('console.deploy.dispatch_rejected')
  const rows = page.locator('[data-audit]')
  const rejected = rows.filter({ hasText: 'deploy dispatch rejected' }).first()
  await expect(rejected).toContainText('api-staging')
  // The payload opens with the keyboard.
  await rejected.getByRole('button').press('Enter')
  await expect(page.getByText('"confirmation_mismatch"')).toBeVisible()
  await expect(rejected.locator('time')).toHaveAttribute('title', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(, .+)?$/)

  await page.reload()
  await expect(rejected).toBeVisible()
  const [head, ...records] = parseCsv(await download(page, 'Export CSV'))
  expect(head?.slice(0, 4)).toEqual(['id', 'at', 'actor', 'action'])
  expect(new Set(records.map((record) => record[3]))).toEqual(new Set(['console.deploy.dispatch_rejected']))

  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('Actor').selectOption('workflow')
  await expect(rows.first()).toContainText('workflow')
  const shown = await rows.count()
  const exported = JSON.parse(await download(page, 'Export JSON')) as { actor: string }[]
  expect(exported.length).toBeGreaterThanOrEqual(shown)
  expect(new Set(exported.map(({ actor }) => actor))).toEqual(new Set(['workflow']))

  await page.getByLabel('From (UTC)').fill('2001-01-01')
  await page.getByLabel('To (UTC)').fill('2001-01-02')
  await expect(page.getByText('No event matches this filter.')).toBeVisible()
})

const FLAG = 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'

test('a flag is demoted and promoted again, staging first, and dispatched workflows follow it', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Flags' }).click()
  const card = page.locator(`[data-flag="${FLAG}"]`)
  const staging = card.locator('[data-environment="staging"]')
  const production = card.locator('[data-environment="production"]')

  // A flag cannot be demoted in staging while it is on in production.
  await expect(staging.getByRole('button', { name: /^Demote/ })).toBeDisabled()
  await production.getByRole('button', { name: /^Demote/ }).click()
  await expect(production).toHaveAttribute('data-on', 'false')
  await staging.getByRole('button', { name: /^Demote/ }).click()
  await expect(staging).toHaveAttribute('data-on', 'false')
  await expect(production.getByRole('button', { name: /^Promote/ })).toBeDisabled()
  await expect(production).toContainText('not on for staging')

  // With the flag off, the workflow does not report its gates.
  await page.getByRole('link', { name: 'Surfaces' }).click()
  await deploy(page, 'console-staging')
  const dialog = page.getByRole('dialog')
  await expect(dialog.locator('[data-status]')).toHaveAttribute('data-status', 'succeeded', { timeout: 90_000 })
  await expect(dialog).not.toContainText('Smoke gate started.')
  // GitHub's record, read shortly after the end, shows that the gate ran.
  await expect(dialog.locator('[data-phase="smoke_gate"]')).toHaveAttribute('data-state', 'done')
  await dialog.getByRole('button', { name: 'Done', exact: true }).click()

  await page.getByRole('link', { name: 'Flags' }).click()
  await staging.getByRole('button', { name: /^Promote/ }).click()
  await expect(staging).toHaveAttribute('data-on', 'true')
  await expect(staging).toContainText('Promoted by operator@sandbox.local')
  // Production needs another success in staging with the flag on.
  await expect(production.getByRole('button', { name: /^Promote/ })).toBeDisabled()
  await page.getByRole('link', { name: 'Surfaces' }).click()
  await deploy(page, 'console-staging')
  await expect(dialog.locator('[data-status]')).toHaveAttribute('data-status', 'succeeded', { timeout: 90_000 })
  await dialog.getByRole('button', { name: 'Done', exact: true }).click()
  await page.getByRole('link', { name: 'Flags' }).click()
  await production.getByRole('button', { name: /^Promote/ }).click()
  await expect(production).toHaveAttribute('data-on', 'true')

  await page.getByRole('link', { name: 'Audit' }).click()
  // The newest event may be one of the prober's.
  await expect(page.locator('[data-audit]').filter({ hasText: 'flag promoted' }).first()).toBeVisible()
})

test('an admin sees a delivery fail, resends it, and sends a test', async ({ page }) => {
  const receiver = await startWebhookReceiver()
  receiver.script.answer = () => ({ status: 410 })
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Deliveries' }).click()
  await page.getByLabel('Name').fill('Chat bot')
  await page.getByLabel('Address').fill(receiver.url)
  await page.getByRole('button', { name: 'Add channel' }).click()
  await expect(page.getByRole('textbox', { name: 'The signing secret' })).toHaveValue(/^whsec_/)
  await page.getByRole('button', { name: 'Done' }).click()
  // From here on the page reads only what events announce.
  await expect(page.getByRole('img', { name: 'Changes are shown as they happen.' })).toBeVisible()

  const channel = page.getByRole('article', { name: 'Chat bot' })
  const rows = channel.getByRole('listitem')
  await channel.getByRole('button', { name: 'Send test' }).click()
  await expect(rows).toHaveText([/Failed.*Test.*1 attempt · HTTP 410.*The receiver answered 410/])
  receiver.script.answer = () => ({ status: 204 })
  await rows.getByRole('button', { name: 'Resend' }).click()
  await expect(rows).toHaveText([/Delivered.*Test.*HTTP 204/])
  await channel.getByRole('button', { name: 'Send test' }).click()
  await expect(rows).toHaveText([/Delivered/, /Delivered/])
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(ids[1]).toBe(ids[0])
  expect(new Set(ids).size).toBe(2)
  await channel.getByRole('button', { name: 'Remove' }).click()
  await channel.getByRole('button', { name: 'Remove now' }).click()
  await expect(channel).toHaveCount(0)
  await receiver.close()
})
