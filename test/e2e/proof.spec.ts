import { expect } from '@playwright/test'
import { hashPassword } from 'better-auth/crypto'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { test as base, deploy } from '~test/e2e/operator'
import { ageProofs, deploysOf, givePassword, trailOf } from '~test/support/product-database'

const PASSWORD = 'correct horse battery'
const SURFACE = 'customer-docs'

/** A separate product, because its operator gets a password and every proof is made old. */
const test = base.extend<object, { readonly alone: true }>({
  alone: [
    async ({ browserName: _ }, use) => {
      await use(true)
    },
    { scope: 'worker', auto: true },
  ],
})

test.describe.configure({ mode: 'serial' })

test("the sandbox's operator confirms with one click, and the deploy starts once", async ({ page, product }) => {
  await ageProofs(product)
  await deploy(page, 'api-prod')
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await question.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByRole('dialog').locator('[data-status]')).toBeVisible()
  expect(await deploysOf(product, 'api-prod')).toHaveLength(1)
})

test('a production deploy with an old proof asks for the password and then starts exactly once', async ({
  page,
  product,
}) => {
  await givePassword(product, SANDBOX_OPERATOR.email, await hashPassword(PASSWORD))
  await ageProofs(product)
  await deploy(page, SURFACE)
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await expect(question.getByLabel('Password')).toBeFocused()
  expect(await deploysOf(product, SURFACE)).toHaveLength(0)

  await question.getByLabel('Password').fill('not the password')
  await question.getByLabel('Password').press('Enter')
  await expect(question.getByRole('alert')).toHaveText(/^Incorrect password/)
  await question.getByLabel('Password').fill(PASSWORD)
  await question.getByRole('button', { name: 'Confirm' }).click()

  await expect(question).toBeHidden()
  await expect(page.getByRole('dialog').locator('[data-status]')).toBeVisible()
  expect(await deploysOf(product, SURFACE)).toHaveLength(1)
  expect(await trailOf(product, 'console.session.proved')).toMatchObject([
    { payload: { method: 'sandbox' } },
    { payload: { method: 'password' } },
  ])
})

test('a declined confirmation keeps the input and deploys nothing', async ({ page, product }) => {
  await ageProofs(product)
  await deploy(page, 'status-page')
  await page.getByRole('dialog', { name: 'Confirm your identity' }).press('Escape')
  const dialog = page.getByRole('dialog', { name: /status-page|Status page/i })
  await expect(dialog.getByRole('alert')).toHaveText(/Confirm your identity before/)
  await expect(dialog.getByLabel(/Type .* to deploy/)).toHaveValue('status-page')
  expect(await deploysOf(product, 'status-page')).toHaveLength(0)
})

test('opening a freeze needs no fresh proof, and lifting a freeze needs one', async ({ page, product }) => {
  await ageProofs(product)
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Freezes' }).click()
  await page.getByRole('form', { name: 'Freeze an environment' }).getByLabel('Reason').fill('Release week')
  await page.getByRole('button', { name: 'Freeze production' }).click()
  await page.getByRole('button', { name: /^Lift / }).click()
  await page.getByRole('button', { name: 'Lift now' }).click()

  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await expect(question.getByLabel('Password')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('list', { name: 'Current and upcoming' }).getByRole('alert')).toHaveText(
    /Confirm your identity before lifting this freeze/,
  )
  expect(await trailOf(product, 'console.freeze.lifted')).toEqual([])

  await page.getByRole('button', { name: 'Lift now' }).click()
  await question.getByLabel('Password').fill(PASSWORD)
  await question.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText('No surface is frozen or locked.')).toBeVisible()
  expect(await trailOf(product, 'console.freeze.lifted')).toHaveLength(1)
})
