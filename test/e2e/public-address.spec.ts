import { test as base, expect } from '@playwright/test'
import { type Product, startProduct } from '~test/support/start-product'

/** A sandbox whose console has a public address at which nothing answers. */
const test = base.extend<object, { readonly product: Product }>({
  product: [
    async ({ browserName: _ }, use) => {
      const product = await startProduct({ env: { CONSOLE_URL: 'https://console.example' } })
      await use(product)
      await product.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

test('the link printed by a sandbox with a public address signs in its admin on this machine', async ({
  page,
  product,
}) => {
  const link = await product.printedLink()
  expect(link).toMatch(/^http:\/\/localhost:\d+\/setup\//)
  await page.goto(link)
  await page.getByRole('button', { name: 'Start the sandbox' }).click()
  await expect(page).toHaveURL(`${new URL(link).origin}/`)
  await page.goto(`${new URL(link).origin}/account`)
  await expect(page.getByRole('heading', { name: 'Passkeys' })).toBeVisible()
})
