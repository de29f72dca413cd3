/**
 * Takes the pictures of README and docs from the running product: starts it with its sandbox on an empty data directory,
 * does what an operator does, and writes docs/screenshots/*.png (or into the directory that is given).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { findOrInstallBrowser } from '~test/support/find-browser'
import { lookForOutsideRuns } from '~test/support/product-database'
import { sandboxControl } from '~test/support/sandbox-control'
import { operator } from '~test/support/screenshots/operator'
import { type Product, startProduct } from '~test/support/start-product'

const directory = path.resolve(process.argv[2] ?? 'docs/screenshots')
const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 360, height: 740 }

async function shoot(page: Page, name: string): Promise<void> {
  // A hovered or fading control is not what the picture is about.
  await page.mouse.move(0, 0)
  await page.screenshot({ path: path.join(directory, `${name}.png`), animations: 'disabled' })
  process.stdout.write(`${name}.png\n`)
}

async function shootEveryWay(page: Page, name: string): Promise<void> {
  await shoot(page, name)
  await page.emulateMedia({ colorScheme: 'dark' })
  await shoot(page, `${name}-dark`)
  await page.setViewportSize(PHONE)
  await shoot(page, `${name}-phone`)
  await page.setViewportSize(DESKTOP)
  await page.emulateMedia({ colorScheme: 'light' })
}

/** On the sandbox's own page, as a person would. */
async function setBehaviour(page: Page, sandboxUrl: string, surface: string, behaviour: string): Promise<void> {
  await page.goto(sandboxUrl)
  const form = page.locator('form').filter({ has: page.locator(`#behaviour-${surface}`) })
  await form.locator('select').selectOption(behaviour)
  await form.getByRole('button').click()
  await page.locator(`#behaviour-${surface} option[value="${behaviour}"][selected]`).waitFor({ state: 'attached' })
}

const NEEDS_APPROVAL = 'customer-docs'

/** The sandbox's surfaces, one of which takes two people. */
function surfacesFile(directory: string): string {
  const declared = readFileSync('surfaces.yaml', 'utf8')
  const file = path.join(directory, 'surfaces.yaml')
  writeFileSync(file, declared.replace(`id: ${NEEDS_APPROVAL}\n`, `id: ${NEEDS_APPROVAL}\n    approval: required\n`))
  return file
}

async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.getByRole('button', { name: 'Start the sandbox' }).click()
  await page.locator('[data-surface="console"]').waitFor()
}

async function takeAll(
  page: Page,
  product: Product,
  urls: Record<'console' | 'sandbox' | 'link', string>,
): Promise<void> {
  await setBehaviour(page, urls.sandbox, 'api-staging', 'fail-smoke')
  await setBehaviour(page, urls.sandbox, 'status-page', 'unhealthy')
  await setBehaviour(page, urls.sandbox, 'console', 'slow')
  await signIn(page, urls.link)
  const { openGrid, review, confirm, untilStatus, untilPhase, close, tile, dialog } = operator(page)

  await openGrid(urls.console)
  await review('console-staging')
  await confirm('console-staging')
  await untilStatus('succeeded')
  await shoot(page, 'succeeded')
  await close()

  await review('api-staging')
  await confirm('api-staging')
  await untilStatus('failed')
  await dialog.getByRole('log', { name: 'Log of the failed job' }).waitFor()
  await shootEveryWay(page, 'failed')
  const failed = page.url()
  await dialog.getByRole('link', { name: 'Open this deploy as a page' }).click()
  await page.getByRole('list', { name: 'Timeline' }).waitFor()
  await shootEveryWay(page, 'deploy-page')
  await page.screenshot({ path: path.join(directory, 'deploy-page-whole.png'), fullPage: true })
  await page.emulateMedia({ media: 'print' })
  await page.screenshot({ path: path.join(directory, 'deploy-page-print.png'), fullPage: true })
  await page.emulateMedia({ media: null })
  await page.goto(failed)
  await dialog.waitFor()
  await close()

  await review('status-page')
  await confirm('status-page')
  await close()
  await tile('status-page').getByText('Unhealthy').waitFor()

  await tile('console')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await dialog.getByText('Recent commits').waitFor()
  await shoot(page, 'choose')
  await close()
  await review('console')
  await shoot(page, 'review')
  await confirm('console', () => shoot(page, 'confirm'))
  await untilPhase('health_check', 'active')
  await shootEveryWay(page, 'in-flight')
  await close()
  await tile('console')
    .getByRole('button', { name: /^Follow/ })
    .waitFor()
  await page.getByRole('heading', { name: 'Surfaces', level: 1 }).click()
  await shootEveryWay(page, 'grid')
  await page.getByRole('radio', { name: 'List' }).check()
  await shootEveryWay(page, 'grid-list')
  await page.getByRole('radio', { name: 'Tiles' }).check()
  await page.keyboard.press('Control+K')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.type('api')
  await shootEveryWay(page, 'palette')
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Surfaces', level: 1 }).click()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await shootEveryWay(page, 'keys')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Sandbox operator/ }).click()
  await shootEveryWay(page, 'user-menu')
  await page.goto(`${urls.console}/lanes`)
  await page.getByRole('listitem').first().waitFor()
  await shootEveryWay(page, 'lanes')
  await page.goto(`${urls.console}/deploys`)
  await page.locator('[data-deploy]').first().waitFor()
  await page.getByLabel('Environment').selectOption('staging')
  await page.getByRole('button', { name: 'Save this view' }).click()
  await page.getByLabel('Name of the view').fill('Staging')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Remove the view Staging' }).waitFor()
  await shootEveryWay(page, 'deploys')
  await takeHeld(page, product, failed)
  await takePeoplesPages(page, urls.console)
}

/** A second run of a deploy that has ended, which goes on: an alarm, and a surface that is held. */
async function takeHeld(page: Page, product: Product, deploy: string): Promise<void> {
  const { tile, dialog, openGrid } = operator(page)
  const sandbox = sandboxControl(product)
  await sandbox.pause('Smoke gate')
  const console_deploy_id = new URL(deploy).searchParams.get('deploy') ?? ''
  await sandbox.runByHand('deploy-heroku.yml', { environment: 'staging', console_deploy_id })
  await lookForOutsideRuns(product)
  await openGrid(product.url)
  await tile('api-staging')
    .getByText(/^held by run/)
    .waitFor({ timeout: 120_000 })
  await page.goto(deploy)
  await dialog.getByRole('button', { name: 'Release' }).waitFor()
  await shootEveryWay(page, 'held')
  await sandbox.resume('Smoke gate')
}

/** A window that recurs, the calendar with its answer, and the lock of a surface. */
async function takeCalendar(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/freezes`)
  const form = page.getByRole('form', { name: 'Add a recurring window' })
  await form.getByLabel('Reason').fill('Weekend: nobody is on call')
  await form.getByText('Fri', { exact: true }).click()
  await form.getByLabel('First day').fill('2026-01-02')
  await form.getByLabel('From').fill('16:00')
  await form.getByLabel('Until').fill('08:00')
  await form.getByLabel('Days later').fill('3')
  await shootEveryWay(page, 'freezes')
  await form.getByRole('button', { name: 'Add window' }).click()
  await page.getByRole('list', { name: 'Current and upcoming' }).getByText('Weekend').waitFor()

  await page.goto(`${url}/calendar`)
  await page.getByLabel('Surface').selectOption('api-prod')
  await page.locator('[data-answer]').waitFor()
  await shootEveryWay(page, 'calendar')

  await operator(page).openGrid(url)
  await page.locator('[data-lock="api-prod"]').click()
  await page.getByRole('dialog').getByLabel('Reason').fill('Migrating the database')
  await shootEveryWay(page, 'lock')
  await page.getByRole('dialog').getByRole('button', { name: 'Lock', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

/** Who may do what: everything that is about people, with something on each page. */
async function takePeoplesPages(page: Page, url: string): Promise<void> {
  const { openGrid, review, close, dialog } = operator(page)
  await page.goto(`${url}/people`)
  const form = page.getByRole('form', { name: 'Invite someone' })
  await form.getByLabel('E-mail address').fill('grace@example.com')
  await form.getByLabel('Role').selectOption('approver')
  await form.getByRole('button', { name: 'Create link' }).click()
  await page.getByLabel('The invitation link').waitFor()
  await shootEveryWay(page, 'people')

  await page.goto(`${url}/account`)
  await page.getByRole('heading', { name: 'Sessions' }).waitFor()
  await shootEveryWay(page, 'account')

  await page.goto(`${url}/tokens`)
  await page.getByLabel(/^Label/).fill('nightly')
  await page.getByLabel('Read deploys and their logs').check()
  await page.getByRole('button', { name: 'Create token' }).click()
  await page.getByRole('button', { name: 'Copy' }).waitFor()
  await shootEveryWay(page, 'tokens')

  await openGrid(url)
  await review(NEEDS_APPROVAL)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByRole('textbox', { name: /^Type/ }).fill(NEEDS_APPROVAL)
  await dialog.getByRole('button', { name: 'Ask for approval' }).click()
  await dialog.getByText('Waiting for approval by another person').waitFor()
  await dialog.getByRole('heading', { name: 'The commit' }).waitFor()
  await shootEveryWay(page, 'approval')
  await close()
  await page.goto(`${url}/approvals`)
  await page.locator('[data-approval][data-state="waiting"]').waitFor()
  await shootEveryWay(page, 'approvals')

  await takeCalendar(page, url)
  await page.context().clearCookies()
  await page.goto(`${url}/sign-in`)
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await shootEveryWay(page, 'sign-in')
}

mkdirSync(directory, { recursive: true })
const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-console-screenshots-'))
const product = await startProduct({ env: { SURFACES_FILE: surfacesFile(scratch) } })
try {
  if (product.sandboxUrl === undefined) throw new Error('Pictures are taken with the sandbox; this is a real GitHub.')
  const browser = await chromium.launch({
    executablePath: findOrInstallBrowser(process.env, (text) => process.stderr.write(`${text}\n`)),
    args: ['--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
  try {
    const page = await browser.newPage({ viewport: DESKTOP, colorScheme: 'light' })
    await takeAll(page, product, {
      console: product.url,
      sandbox: product.sandboxUrl,
      link: await product.printedLink(),
    })
  } finally {
    await browser.close()
  }
} finally {
  await product.stop()
  rmSync(scratch, { recursive: true })
}
