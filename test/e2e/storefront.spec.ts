import { expect, type Page } from '@playwright/test'
import { deploy, expectPhases, startDeploy, test } from '~test/e2e/operator'
import { lookAtDeploy } from '~test/support/product-database'

const STOREFRONT = 'acme/storefront'
const RELEASE = { version: 'v9', commit: 'main', target: 'live' }

test.afterEach(async ({ sandbox }) => {
  await sandbox.behave('storefront', 'quick')
  await sandbox.protect('live', { minutes: 0, reviewers: ['mei', 'deploy-console'] })
})

const dialog = (page: Page) => page.getByRole('dialog')
const quiet = (page: Page) => dialog(page).locator('[data-quiet]')
const expectStatus = (page: Page, status: string) =>
  expect(dialog(page).locator('[data-status]')).toHaveAttribute('data-status', status)

/** The jobs of the newest attempt, and below them those of an earlier attempt. */
const jobs = (page: Page) => dialog(page).getByRole('region', { name: 'Jobs' })
const job = (list: ReturnType<typeof jobs>, name: string) => list.locator(`[data-job="${name}"]`).first()

test('a deploy says who may approve and when the wait timer ends, and names the leg that was skipped', async ({
  page,
  sandbox,
}) => {
  await sandbox.protect('live', { minutes: 30, reviewers: ['mei'] })
  await sandbox.behave('storefront', 'skip-leg')
  await deploy(page, 'storefront')
  await expect(quiet(page)).toContainText(
    /^The run waits for the environment “live” on GitHub: mei may approve, and its wait timer ends at [-\d]{10} [:\d]{5} UTC\./,
  )
  await expect(job(jobs(page), 'apply (eu) / upload')).toHaveAttribute('data-state', 'pending')
  await sandbox.review('started')
  await expectStatus(page, 'succeeded')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'absent', deploy: 'done', health_check: 'done' })
  await expect(quiet(page)).toBeHidden()
  await expect(job(jobs(page), 'apply (eu) / upload')).toHaveAttribute('data-state', 'done')
  await expect(job(jobs(page), 'apply (us) / upload')).toHaveAttribute('data-state', 'skipped')
  await expect(job(jobs(page), 'apply (us) / upload')).toContainText('Skipped')
})

test('an input that the operator fills in is confirmed, sent and shown, and a dry run is not called a deploy', async ({
  page,
}) => {
  await startDeploy(page, 'storefront')
  await dialog(page)
    .getByLabel(/dry_run/)
    .check()
  await dialog(page).getByRole('button', { name: 'Continue' }).click()
  await expect(dialog(page).locator('dl').filter({ hasText: 'dry_run' })).toContainText('true')
  await dialog(page)
    .getByLabel(/Type .* to deploy/)
    .fill('storefront')
  await dialog(page).getByRole('button', { name: 'Deploy', exact: true }).click()
  await expectStatus(page, 'failed')
  await expect(dialog(page)).toContainText('The run ended without deploying.')
  await expect(dialog(page)).toContainText(
    'Nothing was deployed: GitHub’s record shows that the deploy phase did not start.',
  )
  await expect(job(jobs(page), 'apply')).toHaveAttribute('data-state', 'skipped')
  await dialog(page).getByText('Inputs').click()
  await expect(dialog(page).locator('dl').filter({ hasText: 'dry_run' })).toContainText('true')
})

test('a failing leg fails the deploy and shows its log, and a re-run is shown as the second attempt beside the first', async ({
  page,
  sandbox,
}) => {
  await sandbox.protect('live', { minutes: 0, reviewers: [] })
  await sandbox.behave('storefront', 'fail-leg')
  await deploy(page, 'storefront')
  await expectStatus(page, 'failed')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'absent', deploy: 'failed', health_check: 'pending' })
  await expect(job(jobs(page), 'apply (eu) / upload')).toHaveAttribute('data-state', 'done')
  await expect(job(jobs(page), 'apply (us) / upload')).toHaveAttribute('data-state', 'failed')
  await expect(dialog(page).getByRole('log', { name: 'Log of the failed job' })).toContainText(
    'The region us takes no upload.',
  )

  await sandbox.behave('storefront', 'quick')
  const address = await dialog(page).getByRole('link', { name: 'Run on GitHub' }).getAttribute('href')
  await sandbox.rerun(address?.split('/').at(-1) ?? '', STOREFRONT)
  await expect(jobs(page).getByRole('heading')).toHaveText('Jobs of attempt 2')
  await expect(job(jobs(page), 'verify')).toHaveAttribute('data-state', 'done')
  await expect(job(jobs(page), 'apply (us) / upload')).toHaveAttribute('data-state', 'done')
  await jobs(page).getByText('Attempt 1').click()
  await expect(jobs(page).getByRole('heading')).toHaveText('Jobs of attempt 1')
  await expect(job(jobs(page), 'apply (us) / upload')).toHaveAttribute('data-state', 'failed')
  // The deploy itself has ended with its first attempt.
  await expectStatus(page, 'failed')
})

test('queued deploys say behind which run of a group, that no runner is free, and that GitHub cancelled one of them', async ({
  page,
  sandbox,
  product,
  context,
}) => {
  await sandbox.pause('Smoke gate')
  const holder = await sandbox.runByHand('release.yml', RELEASE, STOREFRONT)
  // A run that waits for a reviewer takes no runner.
  await expect.poll(async () => (await sandbox.status()).waiting.map(({ run }) => run)).toEqual([holder])
  const running = [
    await sandbox.runByHand('deploy-heroku.yml', { environment: 'staging' }),
    await sandbox.runByHand('deploy-console.yml', { environment: 'staging' }),
  ]
  const second = await context.newPage()
  await second.goto(page.url())
  await deploy(second, 'status-page')
  await expect(job(jobs(second), 'smoke')).toHaveAttribute('data-state', 'pending')

  await deploy(page, 'storefront')
  await expect(quiet(page)).toContainText(
    `The run is queued in the concurrency group “release-live”, behind run ${holder}.`,
  )
  const newer = await sandbox.runByHand('release.yml', RELEASE, STOREFRONT)
  await expectStatus(page, 'cancelled')
  await expect(quiet(page)).toContainText(
    'The run was cancelled on GitHub before a job ran, and nobody cancelled it here. It was queued in the concurrency group “release-live”, where a newer run may replace a queued one.',
  )
  for (const run of [newer, holder]) await sandbox.cancelRun(run, STOREFRONT)

  // A job has to be queued for 20 s, and no webhook tells that it still is.
  const id = new URL(second.url()).searchParams.get('deploy') ?? ''
  await expect(async () => {
    await lookAtDeploy(product, id)
    await expect(quiet(second)).toContainText(
      /^The job “smoke” has been waiting for a runner with “ubuntu-latest” since/,
      { timeout: 2_000 },
    )
  }).toPass({ intervals: [1_000] })
  for (const run of running) await sandbox.cancelRun(run, 'acme/platform')
  await sandbox.resume('Smoke gate')
  await expectStatus(second, 'succeeded')
  await second.close()
})
