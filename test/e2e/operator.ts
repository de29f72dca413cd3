import path from 'node:path'
import {
  type Browser,
  type BrowserContext,
  test as base,
  type ConsoleMessage,
  expect,
  type Locator,
  type Page,
} from '@playwright/test'
import pg from 'pg'
import type { PhaseKey } from '~/domain/deploy/status'
import type { Role } from '~/domain/permissions'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { sandboxControl } from '~test/support/sandbox-control'
import { type Product, startProduct } from '~test/support/start-product'

interface Worker {
  readonly product: Product
  /** The storage of a signed-in browser, made once because sign-ins are limited. */
  readonly signedIn: Awaited<ReturnType<BrowserContext['storageState']>>
}

/** One running product for the whole run: started with npm start, stopped with Ctrl-C. */
export const test = base.extend<{ readonly sandbox: ReturnType<typeof sandboxControl> }, Worker>({
  product: [
    // Playwright reads the fixtures that this one needs from its pattern, and it needs none.
    async ({ browserName: _ }, use) => {
      const product = await startProduct({ env: { DELIVERY_PRIVATE_ADDRESSES: 'allow' } })
      const sandbox = sandboxControl(product)
      // The surfaces are quick; a test that looks at a step holds the run there.
      for (const { id } of (await sandbox.status()).surfaces) await sandbox.behave(id, 'quick')
      await use(product)
      await product.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  signedIn: [
    async ({ product, browser }, use) => {
      const page = await browser.newPage()
      await page.goto(await product.printedLink())
      await page.getByRole('button', { name: 'Start the sandbox' }).click()
      await tile(page, 'console').waitFor()
      const state = await page.context().storageState()
      await page.close()
      await use(state)
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  storageState: async ({ signedIn }, use) => {
    await use(signedIn)
  },
  sandbox: async ({ product }, use) => {
    await use(sandboxControl(product))
  },
  page: async ({ page, product }, use) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && !isAnswer(message) && errors.push(message.text()))
    // The tests may take longer than a proof lasts. Without a session this request changes nothing.
    await page.request.post(`${product.url}/api/auth/confirm/sandbox`, { headers: { origin: product.url } })
    await page.goto(product.url)
    await use(page)
    expect(errors, 'errors in the browser’s console').toEqual([])
  },
})

/** Chromium reports every 4xx and 5xx answer, and a refusal that the screen shows is not an error of the page. */
const isAnswer = (message: ConsoleMessage): boolean => message.text().startsWith('Failed to load resource')

export const tile = (page: Page, surface: string): Locator => page.locator(`[data-surface="${surface}"]`)

export const phase = (page: Page, key: PhaseKey): Locator => page.getByRole('dialog').locator(`[data-phase="${key}"]`)

/** Expects each phase to be shown in the given state. */
export async function expectPhases(page: Page, states: Record<PhaseKey, string>): Promise<void> {
  for (const key of ['smoke_gate', 'freeze_check', 'deploy', 'health_check'] as const) {
    await expect(phase(page, key)).toHaveAttribute('data-state', states[key])
  }
}

/** Expects a run that waits at its smoke gate, where the sandbox holds it. */
export const expectAtSmokeGate = (page: Page): Promise<void> =>
  expectPhases(page, { smoke_gate: 'active', freeze_check: 'pending', deploy: 'pending', health_check: 'pending' })

/** Chooses the default branch and opens its review. */
export async function startDeploy(page: Page, surface: string): Promise<void> {
  await tile(page, surface)
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await page.getByRole('dialog').getByRole('button', { name: 'Review main' }).click()
}

/** Chooses the default branch, reviews it, types the name and deploys, as an operator does. */
export async function deploy(page: Page, surface: string): Promise<void> {
  await startDeploy(page, surface)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  const submit = dialog.getByRole('button', { name: 'Deploy', exact: true })
  await expect(submit).toBeDisabled()
  await dialog.getByLabel(/Type .* to deploy/).fill(surface)
  await submit.click()
}

/**
 * Invites a person, who joins in another browser. Name and address must be ones that no other test of the same product uses: they share its
 * people.
 */
export async function invite(
  page: Page,
  browser: Browser,
  { name, email, role }: { readonly name: string; readonly email: string; readonly role: Role },
): Promise<Page> {
  const at = (address: string) => new URL(address, page.url()).href
  await page.goto(at('/people'))
  const form = page.getByRole('form', { name: 'Invite someone' })
  await form.getByLabel('E-mail address').fill(email)
  await form.getByLabel('Role').selectOption(role)
  await form.getByRole('button', { name: 'Create link' }).click()
  const link = await page.getByLabel('The invitation link').inputValue()
  const other = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage()
  await other.goto(link)
  await other.getByLabel('Name').fill(name)
  await other.getByLabel('Password').fill('correct horse battery')
  await other.getByRole('button', { name: 'Join' }).click()
  await tile(other, 'console').waitFor()
  await page.goto(at('/'))
  return other
}

/** Makes a surface need approval while `work` runs. Other tests of the same product deploy it without. */
export async function whileRequiringApproval(
  { dataDir }: Pick<Product, 'dataDir'>,
  surface: string,
  work: () => Promise<void>,
): Promise<void> {
  const database = await runningDatabase(path.join(dataDir, 'postgres'), 'sandbox')
  const client = new pg.Client({ connectionString: database?.ownerUrl })
  await client.connect()
  const set = (needs: boolean) =>
    client.query('UPDATE surfaces SET requires_approval = $2 WHERE id = $1', [surface, needs])
  try {
    await set(true)
    await work()
  } finally {
    await set(false)
    await client.end()
  }
}
