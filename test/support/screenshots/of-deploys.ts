import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { programArgs } from '~/launch/build/programs'
import { lookForOutsideRuns } from '~test/support/product-database'
import { sandboxControl } from '~test/support/sandbox-control'
import type { Camera } from '~test/support/screenshots/camera'
import { operator } from '~test/support/screenshots/operator'
import type { Product } from '~test/support/start-product'

/** Deploys in every state, from choosing a ref to the evidence. Returns the address of a deploy that failed. */
export async function shootDeploys(camera: Camera, product: Product): Promise<string> {
  const { page, shoot, shootEveryWay } = camera
  const { openGrid, review, reviewEarlier, confirm, untilStatus, untilPhase, close, tile, dialog } = operator(page)
  const sandbox = sandboxControl(product)
  for (const surface of ['console-staging', 'status-page']) await sandbox.behave(surface, 'quick')
  await sandbox.behave('api-staging', 'fail-smoke')
  await sandbox.behave('console', 'slow')
  await sandbox.healthCheckFor(3)

  await openGrid(product.url)
  await review('console-staging')
  await confirm('console-staging')
  await untilStatus('succeeded')
  await shootEveryWay('succeeded')
  await close()

  await review('api-staging')
  await confirm('api-staging')
  await untilStatus('failed')
  await dialog.getByRole('log', { name: 'Log of the failed job' }).waitFor()
  await shootEveryWay('failed')
  const failed = page.url()
  await dialog.getByRole('link', { name: 'Open this deploy as a page' }).click()
  await page.getByRole('list', { name: 'Timeline' }).waitFor()
  await shootEveryWay('deploy-page')
  await camera.shootPrinted('deploy-page-print')
  await page.goto(failed)
  await dialog.waitFor()
  await close()

  // A version to go back to, and then one that is unhealthy.
  await reviewEarlier('status-page')
  await confirm('status-page')
  await untilStatus('succeeded')
  await close()
  await sandbox.behave('status-page', 'unhealthy')
  await review('status-page')
  await confirm('status-page')
  await untilStatus('failed')
  await dialog.locator('[data-job="deploy"][data-state="failed"]').waitFor({ timeout: 120_000 })
  await shootEveryWay('unhealthy')
  await close()
  await tile('status-page').getByText('Unhealthy').waitFor()

  await tile('console')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await dialog.getByRole('group', { name: 'Recent commits' }).getByRole('option').first().waitFor()
  await shootEveryWay('choose')
  await close()
  await review('console')
  await shootEveryWay('review')
  await confirm('console', () => shootEveryWay('confirm'))
  await untilPhase('health_check', 'active')
  await shootEveryWay('in-flight')
  await dialog.getByRole('button', { name: 'Cancel deploy' }).click()
  await dialog.getByRole('button', { name: 'Keep it running' }).waitFor()
  await shoot('cancel')
  await dialog.getByRole('button', { name: 'Keep it running' }).click()
  await close()
  await tile('console')
    .getByRole('button', { name: /^Follow/ })
    .waitFor()
  await shootGrid(camera)
  return failed
}

/** The grid while a deploy runs and a surface is unhealthy, and what opens over it. */
async function shootGrid({ page, shootEveryWay }: Camera): Promise<void> {
  const heading = page.getByRole('heading', { name: 'Surfaces', level: 1 })
  await heading.click()
  await shootEveryWay('grid')
  await page.getByRole('radio', { name: 'List' }).check()
  await shootEveryWay('grid-list')
  await page.getByRole('radio', { name: 'Tiles' }).check()
  await page.keyboard.press('Control+K')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.type('api')
  await shootEveryWay('palette')
  await page.keyboard.press('Escape')
  await heading.click()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await shootEveryWay('keys')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Sandbox operator/ }).click()
  await shootEveryWay('user-menu')
  await page.keyboard.press('Escape')
}

/** A second run of a deploy that has ended, which goes on: an alarm, and a surface that is held. */
export async function shootHeld({ page, shootEveryWay }: Camera, product: Product, deploy: string): Promise<void> {
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
  await shootEveryWay('held')
  await sandbox.resume('Smoke gate')
}

/** A second request for a surface waits for the deploy that is under way. */
export async function shootQueue({ page, shootEveryWay }: Camera, product: Product): Promise<void> {
  const { dialog, openGrid, review, confirm, close, tile } = operator(page)
  const sandbox = sandboxControl(product)
  const surface = 'api-prod'
  await sandbox.behave(surface, 'quick')
  await sandbox.pause('Smoke gate')
  await openGrid(product.url)
  await review(surface)
  await confirm(surface)
  await close()
  await page.goto(`${product.url}/?surface=${surface}&ref=main`)
  await dialog.getByRole('button', { name: 'Continue to the queue' }).click()
  await dialog.getByRole('textbox', { name: /^Type/ }).fill(surface)
  await dialog.getByRole('button', { name: 'Queue', exact: true }).click()
  await dialog.getByText('Next in the queue').first().waitFor()
  await shootEveryWay('queue')
  await close()
  await sandbox.resume('Smoke gate')
  await tile(surface)
    .getByText(/^Succeeded/)
    .first()
    .waitFor({ timeout: 120_000 })
}

/** A surface that is watched after a deploy, and turns unhealthy: the way back is offered. */
export const ARMED = 'console-staging'

export async function shootArmed({ page, shoot, shootEveryWay }: Camera, product: Product): Promise<void> {
  const { dialog, confirm, untilStatus, close } = operator(page)
  const sandbox = sandboxControl(product)
  const ship = async (ref: string, beforeSubmit?: () => Promise<void>): Promise<void> => {
    await page.goto(`${product.url}/?surface=${ARMED}&ref=${ref}`)
    await confirm(ARMED, beforeSubmit)
    await untilStatus('succeeded')
  }
  await ship('v1.4.0')
  await sandbox.behave(ARMED, 'turn-unhealthy')
  await ship('main', () => shoot('armed-confirm'))
  await shoot('armed-watching')
  await dialog.locator('[data-watch="offered"]').waitFor({ timeout: 120_000 })
  await shootEveryWay('armed-offered')
  await close()
  await sandbox.behave(ARMED, 'quick')
}

/** The review of an earlier version: what a rollback removes. */
export async function shootRollback(camera: Camera, product: Product): Promise<void> {
  const { page, shootEveryWay } = camera
  const { tile, dialog, openGrid } = operator(page)
  await openGrid(product.url)
  await tile('status-page')
    .getByRole('link', { name: /^Roll back|^Return/ })
    .click()
  await dialog.getByRole('heading', { name: /Removes/ }).waitFor()
  await shootEveryWay('review-rollback')
  await page.keyboard.press('Escape')
}

/** The evidence file of a deploy, and what the command that checks it offline says: of the file, and of one with a changed byte. */
export async function shootEvidence({ shoot }: Camera, page: Page, deploy: string, scratch: string): Promise<void> {
  const url = new URL(deploy)
  const answer = await page.request.get(`${url.origin}/api/internal/deploys/${url.searchParams.get('deploy')}/evidence`)
  const [file, changed] = [path.join(scratch, 'evidence.json'), path.join(scratch, 'changed.json')]
  writeFileSync(file, await answer.body())
  writeFileSync(changed, (await answer.text()).replace('"shipped": "no"', '"shipped": "yes"'))
  const lines = [file, changed].flatMap((one) => [
    `$ npm run -s console -- evidence verify ${path.basename(one)}`,
    verify(one).trimEnd(),
    '',
  ])
  await page.goto('about:blank')
  await page.evaluate((text) => {
    const terminal = document.createElement('pre')
    terminal.textContent = text
    terminal.style.cssText = 'font:13px/1.6 monospace;padding:24px;white-space:pre-wrap;overflow-wrap:anywhere'
    document.body.replaceChildren(terminal)
    document.documentElement.style.colorScheme = 'light dark'
  }, lines.join('\n'))
  await page.setViewportSize({ width: 1000, height: 420 })
  await shoot('evidence-verify')
  await page.setViewportSize({ width: 1280, height: 800 })
}

function verify(file: string): string {
  const args = ['--conditions=react-server', ...programArgs(process.cwd(), 'src/launch/commands/console.ts')]
  try {
    return execFileSync(process.execPath, [...args, 'evidence', 'verify', file], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    // The command ends with 1 for a file that does not hold.
    return error instanceof Error && 'stderr' in error && 'stdout' in error
      ? `${error.stdout}${error.stderr}`
      : `${error}`
  }
}
