import { expect, type Page } from '@playwright/test'
import { hashPassword } from 'better-auth/crypto'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { test as base, startDeploy, tile } from '~test/e2e/operator'
import {
  ageSessions,
  deploysOf,
  findActiveSessions,
  givePassword,
  makeLink,
  openSession,
  trailOf,
} from '~test/support/product-database'
import type { Product } from '~test/support/start-product'

const PASSWORD = 'correct horse battery'
const BOB = 'bob@example.com'
const SESSION = 'console.session_token'

/** A separate product, because its sessions are made idle. Its operator and Bob have passwords. */
const test = base.extend<object, { readonly people: true }>({
  people: [
    async ({ product, browser, signedIn: _ }, use) => {
      await givePassword(product, SANDBOX_OPERATOR.email, await hashPassword(PASSWORD))
      const token = (await makeLink(product, 'invitation')).split('/').at(-1)
      const visitor = await browser.newContext({ storageState: { cookies: [], origins: [] } })
      const answer = await visitor.request.post(`${product.url}/api/auth/links/accept`, {
        data: { token, name: 'Bob', email: BOB, password: PASSWORD },
        headers: { origin: product.url },
      })
      expect(answer.ok()).toBe(true)
      await visitor.close()
      await use(true)
    },
    { scope: 'worker', auto: true },
  ],
  // The session of the previous test has ended.
  storageState: async ({ product, signedIn }, use) => {
    const value = await openSession(product, SANDBOX_OPERATOR.email)
    const cookies = signedIn.cookies.map((cookie) => ({ ...cookie, ...(cookie.name === SESSION ? { value } : {}) }))
    await use({ ...signedIn, cookies })
  },
})

test.describe.configure({ mode: 'serial' })

const panel = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' })
const dialogOf = (page: Page) => page.getByRole('dialog', { name: /^Deploy/ })

async function fillConfirmation(page: Page, surface: string): Promise<void> {
  await startDeploy(page, surface)
  await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
  await dialogOf(page)
    .getByLabel(/^Reason/)
    .fill('Fixes the outage')
  await dialogOf(page)
    .getByLabel(/Type .* to deploy/)
    .fill(surface)
}

/** Makes the first request of this procedure find the session ended. */
const endSessionAt = (page: Page, product: Product, procedure: string) =>
  page.route(
    `**/api/trpc/${procedure}*`,
    async (route) => {
      await ageSessions(product, '1 hour')
      await route.continue()
    },
    { times: 1 },
  )

const press = (page: Page) => dialogOf(page).getByRole('button', { name: 'Deploy', exact: true }).click()

test('after the session expires at the confirmation, signing in over the dialog sends the same request', async ({
  page,
  product,
}) => {
  const sent: unknown[] = []
  page.on('request', (request) => request.url().includes('deploys.dispatch') && sent.push(request.postDataJSON()))
  await fillConfirmation(page, 'api-prod')
  await endSessionAt(page, product, 'deploys.dispatch')
  await press(page)

  await expect(panel(page).getByLabel('Password')).toBeFocused()
  await expect(panel(page).getByLabel('E-mail address')).toHaveValue(SANDBOX_OPERATOR.email)
  await page.keyboard.press('Escape')
  await panel(page).getByLabel('Password').fill('not the password')
  await page.keyboard.press('Enter')
  await expect(panel(page).getByRole('alert')).toBeVisible()
  expect(await deploysOf(product, 'api-prod')).toHaveLength(0)
  await panel(page).getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')

  await expect(page.locator('[data-status]')).toBeVisible()
  await expect(panel(page)).toBeHidden()
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[0]).toMatchObject({ reason: 'Fixes the outage', confirmation: 'api-prod' })
  expect(await deploysOf(product, 'api-prod')).toHaveLength(1)
})

test('a poll that finds the session ended asks to sign in, and the input is kept', async ({ page, product }) => {
  await fillConfirmation(page, 'customer-docs')
  await ageSessions(product, '1 hour')
  await panel(page).getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(panel(page)).toBeHidden()
  await expect(dialogOf(page).getByLabel(/Type .* to deploy/)).toHaveValue('customer-docs')
  await expect(dialogOf(page).getByLabel(/^Reason/)).toHaveValue('Fixes the outage')
})

test('signing in as another member discards the draft, says so, and deploys nothing', async ({ page, product }) => {
  await fillConfirmation(page, 'status-page')
  await endSessionAt(page, product, 'deploys.dispatch')
  await press(page)
  await panel(page).getByLabel('E-mail address').fill(BOB)
  await panel(page).getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status').filter({ hasText: `Signed in as ${BOB}.` })).toContainText(
    `The draft for status-page by ${SANDBOX_OPERATOR.email} was discarded.`,
  )
  await expect(page.getByRole('button', { name: /^Bob/ })).toBeVisible()
  expect(new URL(page.url()).search).toBe('')
  expect(await page.evaluate(() => window.sessionStorage.length)).toBe(0)
  await tile(page, 'status-page')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await expect(dialogOf(page).getByRole('combobox', { name: 'Ref' })).toHaveValue('')
  expect(await deploysOf(product, 'status-page')).toHaveLength(0)
})

test('a page of one member does nothing in the name of a member who signed in in another tab', async ({
  page,
  context,
  product,
}) => {
  await fillConfirmation(page, 'console-staging')
  const value = await openSession(product, BOB)
  await context.addCookies([{ name: SESSION, value, url: product.url }])
  await press(page)
  await expect(page.getByRole('status').filter({ hasText: `Signed in as ${BOB}.` })).toBeVisible()
  expect(await deploysOf(product, 'console-staging')).toHaveLength(0)
})

test('typing keeps a session active, and polling alone does not', async ({ page, product }) => {
  await page.route('**/api/trpc/live.watch*', (route) => route.abort())
  await page.reload()
  await startDeploy(page, 'console')
  await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
  await ageSessions(product, '20 minutes')
  await page.waitForResponse((poll) => poll.url().includes('surfaces.list'))
  expect(await findActiveSessions(product)).toEqual([])
  const told = page.waitForResponse((answer) => answer.url().includes('account.noteActivity'))
  await dialogOf(page)
    .getByLabel(/^Reason/)
    .pressSequentially('Fixes')
  expect((await told).ok()).toBe(true)
  expect(await findActiveSessions(product)).toHaveLength(1)
})

test('input in a form on another page is kept after signing in over it', async ({ page, product }) => {
  await page.goto(`${product.url}/freezes`)
  const form = page.getByRole('form', { name: 'Freeze an environment' })
  // Text typed before the page is hydrated is lost; the environments are listed once it is.
  await expect(form.getByRole('option', { name: 'staging' })).toBeAttached()
  await form.getByLabel('Reason').fill('Release week')
  await endSessionAt(page, product, 'freezes.open')
  await form.getByRole('button', { name: 'Freeze production' }).click()
  await panel(page).getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('list', { name: 'Current and upcoming' })).toContainText('Release week')
  expect(await trailOf(product, 'console.freeze.opened')).toHaveLength(1)
})

test('a page without input leads to the sign-in page, which returns to it', async ({ page, product }) => {
  await ageSessions(product, '1 hour')
  await expect(page).toHaveURL(/\/sign-in\?next=%2F$/)
})
