import { test as base, expect } from '@playwright/test'
import { startOidcProvider } from '~test/support/oidc-provider'
import { ageSessions, giveRole } from '~test/support/product-database'
import { type Product, startProduct } from '~test/support/start-product'

interface Worker {
  readonly provider: Awaited<ReturnType<typeof startOidcProvider>>
  readonly product: Product
}

const test = base.extend<object, Worker>({
  provider: [
    async ({ browserName: _ }, use) => {
      const provider = await startOidcProvider()
      await use(provider)
      await provider.close()
    },
    { scope: 'worker' },
  ],
  product: [
    async ({ provider }, use) => {
      const lists = { AUTH_OIDC_NAME: 'Acme ID', AUTH_ALLOWED_EMAIL_DOMAINS: 'acme.example' }
      const product = await startProduct({
        env: { ...provider.env, ...lists },
      })
      await use(product)
      await product.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

test('a member of the allowed domain signs in at the provider, returns to the requested page, and is a viewer', async ({
  page,
  product,
  provider,
}) => {
  const violations: string[] = []
  page.on('console', (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()))
  provider.as({ sub: 'grace', email: 'grace@acme.example', email_verified: true, name: 'Grace' })
  await page.goto(`${product.url}/freezes`)
  await page.getByRole('button', { name: 'Sign in with Acme ID' }).click()
  await page.getByRole('button', { name: 'Let me in' }).click()
  await expect(page).toHaveURL(`${product.url}/freezes`)
  await expect(page.getByRole('heading', { name: 'Freezes', level: 1 })).toBeVisible()
  await expect(page.getByRole('button', { name: /Grace viewer/ })).toBeVisible()
  expect(violations).toEqual([])
})

test('anyone else returns to the sign-in page, which explains the refusal in the console’s own words', async ({
  page,
  product,
  provider,
}) => {
  provider.as({ sub: 'mallory', email: 'mallory@evil.example', email_verified: true, name: 'Mallory' })
  await page.goto(`${product.url}/sign-in`)
  await page.getByRole('button', { name: 'Sign in with Acme ID' }).click()
  await page.getByRole('button', { name: 'Let me in' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'you have no account in this console' })).toBeVisible()
  await page.goto(`${product.url}/sign-in?error=x&error_description=Call+0800-EVIL`)
  await expect(page.getByRole('alert').filter({ hasText: 'could not sign you in' })).toBeVisible()
  await expect(page.getByText('0800')).toHaveCount(0)
})

test('a deploy’s draft survives signing in again at the provider after the session has ended', async ({
  page,
  product,
  provider,
}) => {
  provider.as({ sub: 'ada', email: 'ada@acme.example', email_verified: true, name: 'Ada' })
  await page.goto(product.url)
  await page.getByRole('button', { name: 'Sign in with Acme ID' }).click()
  await page.getByRole('button', { name: 'Let me in' }).click()
  await expect(page.getByRole('button', { name: /^Ada/ })).toBeVisible()
  await giveRole(product, 'ada@acme.example', 'deployer')
  await page.goto(`${product.url}/?surface=api-staging`)
  const dialog = page.getByRole('dialog', { name: /^Deploy/ })
  await dialog.getByRole('button', { name: 'Review main' }).click()
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/^Reason/).fill('Fixes the outage')

  await ageSessions(product, '13 hours')
  const panel = page.getByRole('dialog', { name: 'Your session has ended' })
  // The provider has a session and returns at once.
  await panel.getByRole('button', { name: 'Sign in with Acme ID' }).click()

  await expect(dialog.getByRole('status')).toContainText('Your draft as of')
  await expect(dialog.getByLabel(/^Reason/)).toHaveValue('Fixes the outage')
  await dialog.getByLabel(/Type .* to deploy/).fill('api-staging')
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(page.locator('[data-status]')).toBeVisible()
})

test('a sign-in with an unknown state returns to the sign-in page, which says what to do', async ({
  page,
  product,
}) => {
  await page.goto(`${product.url}/api/auth/callback/oidc?code=used&state=gone`)
  await expect(page).toHaveURL(/\/sign-in\?error=state_mismatch$/)
  await expect(
    page.getByRole('alert').filter({ hasText: 'was already used, or started in another browser' }),
  ).toBeVisible()
})

test('a member whose provider sends no fresh proof is sent to the provider once and then told to set a password', async ({
  page,
  product,
  provider,
}) => {
  provider.as({ sub: 'heidi', email: 'heidi@acme.example', email_verified: true, name: 'Heidi' })
  provider.forgeIdToken({ auth_time: undefined })
  await page.goto(`${product.url}/account`)
  await page.getByRole('button', { name: 'Sign in with Acme ID' }).click()
  await page.getByRole('button', { name: 'Let me in' }).click()
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await page.getByLabel(/^Name of a new passkey/).fill('Laptop')
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await question.getByRole('button', { name: 'Sign in again with Acme ID' }).click()
  await page.getByRole('button', { name: 'Let me in' }).click()
  await page.getByLabel(/^Name of a new passkey/).fill('Laptop')
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await expect(question.getByRole('alert')).toContainText('Acme ID did not confirm that it asked')
  await expect(question).toContainText('Ask an admin for a link that sets a password')
  await expect(question.getByRole('button')).toHaveText(['Cancel'])
})
