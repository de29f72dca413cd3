import { readdirSync } from 'node:fs'
import path from 'node:path'
import { type Browser, expect, type Page } from '@playwright/test'
import { test, tile } from '~test/e2e/operator'

const NOBODY = { storageState: { cookies: [], origins: [] } }
const PASSWORD = 'correct horse battery'

/** Every page, read from the files, with a real value for each parameter. */
const PAGES = readdirSync(path.resolve(import.meta.dirname, '../../src/app'), { recursive: true, withFileTypes: true })
  .filter(({ name }) => name === 'page.tsx')
  .map(({ parentPath }) => `/${path.relative(path.resolve(import.meta.dirname, '../../src/app'), parentPath)}`)

/** Pages for visitors without an account: they show only how to sign in. */
const OPEN = ['/sign-in', '/setup/[token]', '/invite/[token]']

async function visitor(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext(NOBODY)).newPage()
  await page.goto(url)
  return page
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('every page requires a sign-in, and the sign-in page keeps its address', async ({ browser, product }) => {
  const page = await visitor(browser, product.url)
  for (const file of PAGES.filter((name) => !OPEN.includes(name))) {
    const address = file.replace('[id]', 'console')
    // The redirect comes from the server, so a script or a scanner gets it too.
    const bare = await fetch(`${product.url}${address}`, { redirect: 'manual' })
    expect(`${address}: ${bare.status}`).toBe(`${address}: 307`)
    await page.goto(`${product.url}${address}?seen=1`)
    const at = new URL(page.url())
    expect(`${address} -> ${at.pathname}`).toBe(`${address} -> /sign-in`)
    expect(at.searchParams.get('next')?.split('?')[0]).toBe(address)
  }
  await page.context().close()
})

test('an admin invites a deployer of staging, who joins by the link, cannot deploy production, and signs in again with the password', async ({
  page,
  browser,
  product,
}) => {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'People' }).click()
  const form = page.getByRole('form', { name: 'Invite someone' })
  await form.getByLabel('E-mail address').fill('bob@example.com')
  await form.getByLabel('Role').selectOption('deployer')
  await form.getByLabel('Every environment').uncheck()
  await form.getByLabel('staging').check()
  await form.getByRole('button', { name: 'Create link' }).click()
  const link = await page.getByLabel('The invitation link').inputValue()
  await expect(page.getByRole('list', { name: 'Unused links' })).toContainText('bob@example.com')

  const bob = await visitor(browser, link)
  await expect(bob.getByRole('main')).toContainText('as deployer, for staging')
  await bob.getByLabel('Name').fill('Bob')
  await bob.getByLabel('Password').fill(PASSWORD)
  await bob.getByRole('button', { name: 'Join' }).click()
  const deployButton = (surface: string) => tile(bob, surface).getByRole('button', { name: /^Deploy/ })
  await expect(deployButton('customer-docs')).toHaveAttribute('aria-disabled', 'true')
  await expect(deployButton('customer-docs')).toHaveAttribute('title', 'Your access is limited to staging.')
  await expect(deployButton('api-staging')).not.toHaveAttribute('aria-disabled', 'true')
  await expect(bob.getByRole('link', { name: 'People' })).toHaveCount(0)
  await bob.goto(`${product.url}/people`)
  await expect(bob.getByRole('heading', { name: 'Page not found' })).toBeVisible()

  await bob.goto(product.url)
  await bob.getByRole('button', { name: /^Bob/ }).click()
  await bob.getByRole('button', { name: 'Sign out' }).click()
  await expect(bob).toHaveURL(/\/sign-in$/)
  await bob.goto(`${product.url}/audit?actor=bob%40example.com`)
  await signIn(bob, 'bob@example.com', 'not the password')
  await expect(bob.getByRole('alert').filter({ hasText: 'Incorrect e-mail address or password' })).toBeVisible()
  await signIn(bob, 'bob@example.com', PASSWORD)
  await expect(bob).toHaveURL(/\/audit\?actor=bob%40example\.com$/)

  // A used link says so to anybody who opens it.
  const late = await visitor(browser, link)
  await expect(late.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await late.context().close()

  // Suspend Bob while his window is open.
  await page.reload()
  await page.getByRole('button', { name: 'Suspend Bob' }).click()
  await page.getByRole('button', { name: 'Suspend now' }).click()
  await expect(page.locator('[data-member="bob@example.com"]')).toContainText('Suspended')
  await bob.goto(product.url)
  await expect(bob).toHaveURL(/\/sign-in\?next=%2F$/)
  await bob.context().close()
})

test('signing in never leads to another site', async ({ browser, product, signedIn }) => {
  const context = await browser.newContext({ storageState: signedIn })
  const page = await context.newPage()
  for (const next of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
  ]) {
    await page.goto(`${product.url}/sign-in?next=${encodeURIComponent(next)}`)
    expect(page.url()).toBe(`${product.url}/`)
  }
  await context.close()
})
