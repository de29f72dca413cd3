import { type CDPSession, expect, type Page } from '@playwright/test'
import { hashPassword } from 'better-auth/crypto'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { test as base } from '~test/e2e/operator'
import { ageProofs, givePassword, trailOf } from '~test/support/product-database'
import { codeAt } from '~test/support/totp'

const PASSWORD = 'correct horse battery'
const { email } = SANDBOX_OPERATOR

/** A separate product, because its operator gets a password and a second factor and is signed out. */
const test = base.extend<object, { readonly alone: true }>({
  alone: [
    async ({ browserName: _ }, use) => {
      await use(true)
    },
    { scope: 'worker', auto: true },
  ],
})

test.describe.configure({ mode: 'serial' })

/** A virtual authenticator that verifies its user. */
async function withAuthenticator(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return session
}

test('a passkey is added after a fresh proof, confirms a deploy and signs in on its own', async ({ page, product }) => {
  await withAuthenticator(page)
  await ageProofs(product)
  const local = product.url.replace('127.0.0.1', 'localhost')
  await page.goto(`${local}/account`)
  await page.getByLabel('Name of a new passkey').fill('Desk key')
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByRole('button', { name: 'Confirm' }).click()
  const row = page.getByRole('listitem').filter({ hasText: 'Desk key' })
  await expect(row).toBeVisible()

  await row.getByRole('button', { name: /Rename/ }).click()
  await page.getByLabel('New name of Desk key').fill('Blue key')
  await page.getByLabel('New name of Desk key').press('Enter')
  await expect(page.getByRole('listitem').filter({ hasText: 'Blue key' })).toBeVisible()

  await ageProofs(product)
  await page.getByRole('button', { name: /Remove Blue key/ }).click()
  await page.getByRole('button', { name: 'Remove now' }).click()
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await question.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page.getByText('only way to sign in')).toBeVisible()
  expect(await trailOf(product, 'console.session.proved')).toMatchObject([
    { payload: { method: 'sandbox' } },
    { payload: { method: 'passkey' } },
  ])

  await page.context().clearCookies()
  await page.goto(`${local}/sign-in?next=/account`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
  expect((await trailOf(product, 'console.session.opened')).at(-1)).toMatchObject({ payload: { method: 'passkey' } })
})

test('the second factor is required after the password, and each code works once', async ({
  page,
  product,
  browser,
}) => {
  await givePassword(product, email, await hashPassword(PASSWORD))
  await page.goto(`${product.url}/account`)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByLabel('Your password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Continue' }).click()
  const secret = (await page.locator('[data-secret]').textContent()) ?? ''
  await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible()
  const first = codeAt(secret, Date.now())
  await page.getByLabel('Code', { exact: true }).fill(first)
  await page.getByRole('button', { name: 'Switch on' }).click()
  const shown = page.getByRole('list', { name: 'Backup codes' }).getByRole('listitem')
  await expect(shown).toHaveCount(10)
  const codes = await shown.allTextContents()
  await page.getByRole('button', { name: 'I have saved them' }).click()
  await expect(page.getByText('It is on.')).toBeVisible()

  const other = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage()
  const signIn = async () => {
    await other.goto(`${product.url}/sign-in?next=/account`)
    await other.getByLabel('E-mail address').fill(email)
    await other.getByLabel('Password').fill(PASSWORD)
    await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  const giveCode = async (code: string) => {
    await other.getByLabel('Code from your app').fill(code)
    await other.getByRole('button', { name: 'Sign in' }).click()
  }
  await signIn()
  await giveCode(first)
  await expect(other.getByRole('form').getByRole('alert')).toContainText('already used')
  await giveCode(codeAt(secret, Date.now() + 30_000))
  await expect(other.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()

  // There are two sessions, and one ends the other.
  await expect(other.getByRole('list', { name: 'Sessions' }).getByText('current')).toHaveCount(1)
  await other.getByRole('button', { name: 'End all other sessions' }).click()
  await expect(other.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(1)
  await page.goto(`${product.url}/account`)
  await expect(page).toHaveURL(/sign-in/)

  await other.context().clearCookies()
  await signIn()
  await giveCode(codes[0] ?? '')
  await expect(other.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
  await other.close()
})
