import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test as base, expect } from '@playwright/test'
import { startGitHubOAuth } from '~test/support/github-oauth'
import { type Product, startProduct } from '~test/support/start-product'

/** A surface that is never deployed: these tests only sign in. */
const SURFACES = `surfaces:
  - id: web
    name: Web
    environment: production
    repository: acme/web
    workflow: deploy.yml
    url: http://127.0.0.1:9
    health_url: http://127.0.0.1:9
`

interface Worker {
  readonly github: Awaited<ReturnType<typeof startGitHubOAuth>>
  readonly product: Product
}

const test = base.extend<object, Worker>({
  github: [
    async ({ browserName: _ }, use) => {
      const github = await startGitHubOAuth()
      await use(github)
      await github.close()
    },
    { scope: 'worker' },
  ],
  product: [
    async ({ github }, use) => {
      const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-console-github-'))
      const surfaces = path.join(scratch, 'surfaces.yaml')
      writeFileSync(surfaces, SURFACES)
      const env = { ...github.env, GITHUB_DISPATCH_TOKEN: 'test-token', AUTH_ALLOWED_EMAIL_DOMAINS: 'acme.example' }
      const product = await startProduct({ env: { ...env, SURFACES_FILE: surfaces } })
      await use(product)
      await product.stop()
      rmSync(scratch, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

test('a member who signs in only with GitHub is told that GitHub cannot confirm their identity, and what to do', async ({
  page,
  product,
  github,
}) => {
  github.as({ id: 4711, login: 'ivan', email: 'ivan@acme.example', verified: true, memberships: {} })
  const token = new URL(await product.printedLink()).pathname.slice('/setup/'.length)
  const admin = { name: 'Ada', email: 'ada@acme.example', password: 'correct horse battery' }
  const made = await page.request.post(`${product.url}/api/auth/links/accept`, {
    headers: { origin: product.url },
    data: { token, ...admin },
  })
  expect(made.status()).toBe(200)
  await page.context().clearCookies()
  await page.goto(`${product.url}/account`)
  await page.getByRole('button', { name: 'Sign in with GitHub' }).click()
  await page.getByLabel(/^Name of a new passkey/).fill('Laptop')
  await page.getByRole('button', { name: 'Add passkey' }).click()
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await expect(question).toContainText('GitHub does not report when it last asked')
  await expect(question).toContainText('Ask an admin for a link that sets a password')
  await expect(question.getByRole('button')).toHaveText(['Cancel'])
})
