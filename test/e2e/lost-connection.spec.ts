import { expect, type Page } from '@playwright/test'
import { deploy, expectPhases, test, tile } from '~test/e2e/operator'
import { bufferingProxy } from '~test/support/buffering-proxy'
import { tcpProxy } from '~test/support/tcp-proxy'

const BUILDING = { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' } as const

/** Opens the page over a connection that can be cut. */
async function openOverProxy(page: Page) {
  const at = new URL(page.url())
  const way = await tcpProxy(at.origin)
  await way.mend()
  await page.goto(new URL(at.search, way.url).href)
  await expectPhases(page, BUILDING)
  return way
}

test('a lost connection is reported once, and the page keeps the last known state until the next answer', async ({
  page,
  sandbox,
}) => {
  await sandbox.pause('Build')
  await deploy(page, 'api-prod')
  await expectPhases(page, BUILDING)
  const way = await openOverProxy(page)
  await way.cut()

  const said = page.getByText('Connection to the console lost.')
  await expect(page.getByRole('dialog').getByText(/clocks included, is as of \d\d:\d\d:\d\d UTC/)).toBeVisible()
  const clock = page.getByText(/\d:\d\d so far/)
  const shown = await clock.textContent()
  // The grid tries twice before it would show another notice.
  for (let failed = 0; failed < 3; failed++) {
    await page.waitForEvent('requestfailed', (request) => request.url().includes('surfaces.list'))
  }
  await expect(said).toHaveCount(1)
  await expectPhases(page, BUILDING)
  expect(await clock.textContent()).toBe(shown)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(said).toHaveCount(1)

  await way.mend()
  await expect(said).toHaveCount(0)
  await sandbox.resume('Build')
  await way.cut()
})

test('every age and every running clock stops at the last answer while offline, and continues with the next answer', async ({
  page,
  sandbox,
}) => {
  await page.clock.install()
  await page.reload()
  await sandbox.pause('Build')
  await deploy(page, 'status-page')
  await expectPhases(page, BUILDING)
  const way = await openOverProxy(page)
  const soFar = page.getByText(/\d:\d\d so far/)
  const clocks = () => page.locator('time, [title^="since "]').allTextContents()

  await way.cut()
  await expect(page.getByText(/clocks included, is as of \d\d:\d\d:\d\d UTC/)).toBeVisible()
  // The grid tries twice before its clocks stop too.
  for (let failed = 0; failed < 2; failed++) {
    await page.waitForEvent('requestfailed', (request) => request.url().includes('surfaces.list'))
  }
  const [shown, said] = [await clocks(), await soFar.textContent()]
  expect(shown.length).toBeGreaterThan(5)
  // For five minutes every poll fails, and every timer of the page runs.
  await page.clock.runFor('05:00')
  expect(await clocks()).toEqual(shown)

  await way.mend()
  await expect(page.getByText('Connection to the console lost.')).toHaveCount(0)
  await expect(soFar).not.toHaveText(said ?? '')
  await sandbox.resume('Build')
  await way.cut()
})

test('without live updates the page polls, and still follows a deploy to its end', async ({ page }) => {
  await page.route('**/api/trpc/live.watch*', (route) => route.abort())
  await page.reload()
  await deploy(page, 'status-page')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
})

test('behind a buffering proxy the page polls, and only the mark beside the account says so', async ({ page }) => {
  const { origin } = new URL(page.url())
  await expect(page.getByRole('img', { name: 'Changes are shown as they happen.' })).toBeVisible()
  const proxy = await bufferingProxy(origin)
  const stream = page.waitForRequest((request) => request.url().includes('live.watch'))
  await page.goto(proxy.url)
  await stream
  const changeElsewhere = (procedure: string, data: object) =>
    page.request.post(`${origin}/api/trpc/${procedure}`, { headers: { origin }, data })
  await changeElsewhere('surfaces.lock', { surfaceId: 'api-prod', reason: 'Held for a look' })
  await expect(tile(page, 'api-prod')).toContainText('Locked', { timeout: 15_000 })
  const asks = page.getByTitle(/^This window polls for changes every few seconds/)
  await expect(asks).toHaveCount(1)
  await expect(asks).toHaveAttribute('data-told', 'false')
  await expect(page.locator('body')).not.toContainText('every few seconds')
  await changeElsewhere('surfaces.unlock', { surfaceId: 'api-prod' })
  await page.goto('about:blank')
  await proxy.close()
})

test('tabs with live updates send no queries, show every change and share one stream', async ({ page, context }) => {
  const asked: string[] = []
  context.on('request', (request) => {
    const [, procedure] = /\/api\/trpc\/([\w.]+)/.exec(request.url()) ?? []
    if (procedure !== undefined) asked.push(procedure)
  })
  const second = await context.newPage()
  await second.goto(page.url())
  await expect(second.getByRole('img', { name: 'Changes are shown as they happen.' })).toBeVisible()
  const { origin } = new URL(page.url())
  const changeElsewhere = (procedure: string, data: object) =>
    page.request.post(`${origin}/api/trpc/${procedure}`, { headers: { origin }, data })
  const change = async () => {
    await changeElsewhere('surfaces.lock', { surfaceId: 'api-prod', reason: 'Held for a look' })
    for (const tab of [page, second]) await expect(tile(tab, 'api-prod')).toContainText('Locked')
    await changeElsewhere('surfaces.unlock', { surfaceId: 'api-prod' })
    for (const tab of [page, second]) await expect(tile(tab, 'api-prod')).not.toContainText('Locked')
  }
  // A new tab reads the grid until the first event, and once more after it.
  await change()
  asked.length = 0
  await change()
  expect(asked.filter((procedure) => !procedure.startsWith('freezes.'))).toEqual([])
  await page.close()
  await second.waitForRequest((request) => request.url().includes('live.watch'))
})
