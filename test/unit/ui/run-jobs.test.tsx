// @vitest-environment happy-dom
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import type { RunAttempt } from '~/domain/deploy/view'
import { RunJobs } from '~/ui/deploy-modal/follow/run-jobs'
import { renderPage } from './render-page'

const AT = '2026-11-21T10:00:00.000Z'
const END = '2026-11-21T10:01:07.000Z'

function job(name: string, conclusion: string | null, status = 'completed'): RunAttempt['jobs'][number] {
  const part = {
    status: conclusion === null && status === 'completed' ? 'in_progress' : status,
    conclusion,
    startedAt: AT,
    endedAt: conclusion === null ? null : END,
  }
  const steps = [{ ...part, number: 1, name: `step of ${name}` }]
  return {
    ...part,
    id: name,
    name,
    steps,
    moreSteps: 0,
    createdAt: AT,
    labels: [],
    url: `https://github.example.com/job/${name}`,
  }
}
const attempt = (jobs: RunAttempt['jobs'], number = 1): RunAttempt => ({
  attempt: number,
  seenAt: END,
  jobs,
  moreJobs: 0,
  failedLog: null,
})

async function show(...attempts: RunAttempt[]) {
  let update = (_: readonly RunAttempt[]) => {}
  function Live() {
    const [runAttempts, set] = useState<readonly RunAttempt[]>(attempts)
    update = set
    return <RunJobs deploy={{ runAttempts, terminal: false }} />
  }
  const page = await renderPage(<Live />)
  const element = (name: string) => document.querySelector(`[data-job="${name}"]`)
  return {
    ...page,
    update: (...next: RunAttempt[]) => page.settle(() => update(next)),
    open: () =>
      [...document.querySelectorAll('[aria-expanded="true"]')].map((one) =>
        one.closest('li')?.getAttribute('data-job'),
      ),
    press: (name: string) => page.settle(() => element(name)?.querySelector('button')?.click()),
    element,
  }
}

describe('the jobs of a deploy', () => {
  it('the running job is open and the others are closed, and a job that fails opens by itself', async () => {
    const page = await show(attempt([job('test', 'success'), job('eu', null), job('us', null)]))
    expect(page.open()).toEqual(['eu'])
    await page.update(attempt([job('test', 'success'), job('eu', null), job('us', 'failure')]))
    expect(page.open()).toEqual(['us'])
  })

  it('a job that somebody opened or closed stays so while the record changes', async () => {
    const page = await show(attempt([job('test', 'success'), job('eu', null)]))
    await page.press('test')
    await page.press('eu')
    expect(page.open()).toEqual(['test'])
    await page.update(attempt([job('test', 'success'), job('eu', 'failure')]))
    expect(page.open()).toEqual(['test'])
  })

  it('each job says its state in a word, how long it took, and links to GitHub', async () => {
    const page = await show(
      attempt([job('test', 'success'), job('docs', 'skipped'), job('ship', null, 'queued'), job('odd', 'stale')]),
    )
    const summary = (name: string) => page.element(name)?.querySelector('button')?.textContent
    expect(summary('test')).toBe('testDone 1:07')
    expect(summary('docs')).toBe('docsSkipped ')
    expect(summary('ship')).toBe('shipQueued ')
    expect(summary('odd')).toBe('oddstale 1:07')
    expect(page.element('test')?.querySelector('a')?.href).toBe('https://github.example.com/job/test')
  })

  it('an open job shows the steps that have begun, and counts the others', async () => {
    const running = job('ship', null)
    const steps = ['completed', 'in_progress', 'queued', 'pending'].map((status, index) => {
      const conclusion = status === 'completed' ? 'success' : null
      return { number: index, name: `step ${index}`, status, conclusion, startedAt: null, endedAt: null }
    })
    const page = await show(attempt([{ ...running, steps }]))
    expect([...document.querySelectorAll('[data-step]')].map((one) => one.getAttribute('data-state'))).toEqual([
      'done',
      'active',
    ])
    expect(page.text()).toContain('2 steps have not begun.')
  })

  it('of many jobs ten are shown, with the one in focus, until somebody asks for all', async () => {
    const jobs = Array.from({ length: 30 }, (_, index) => job(`leg ${index}`, index === 20 ? 'failure' : 'success'))
    const page = await show(attempt(jobs))
    expect([...document.querySelectorAll('[data-job]')]).toHaveLength(11)
    expect(page.element('leg 20')?.getAttribute('data-state')).toBe('failed')
    await page.settle(() => page.button('Show all 30 jobs').click())
    expect([...document.querySelectorAll('[data-job]')]).toHaveLength(30)
  })

  it('the failed job shows the last lines of its failed step, and a log that was not read gives its reason', async () => {
    const log = {
      jobId: 'ship',
      step: 'Apply',
      of: 'step',
      lines: ['one', '\u001b[31mtwo'],
      unread: null,
      readAt: END,
    } as const
    const red = attempt([job('test', 'success'), job('ship', 'failure')])
    const page = await show({ ...red, failedLog: { ...log, lines: [...log.lines] } })
    expect(document.querySelector('[role="log"]')?.textContent).toBe('onetwo')
    expect(page.element('ship')?.textContent).toContain('GitHub’s log from the time of the step Apply')
    await page.update({ ...red, failedLog: { ...log, of: 'job', lines: ['one'] } })
    expect(page.text()).toContain('do not tell which of them the failed step wrote')
    await page.update({ ...red, failedLog: { ...log, of: 'job', lines: [], unread: 'GitHub does not answer.' } })
    expect(page.text()).toContain('The log of this job was not read. GitHub does not answer.')
  })

  it('attempts stand beside each other, and the latest is shown until somebody chooses another', async () => {
    const page = await show(attempt([job('ship', null)], 3), attempt([job('ship', 'failure')], 2))
    const choice = (number: number) => document.querySelector<HTMLInputElement>(`[data-attempt="${number}"] input`)
    expect(page.text()).toContain('Jobs of attempt 3')
    expect(page.text()).toContain('Earlier attempts are on GitHub.')
    expect(page.element('ship')?.getAttribute('data-state')).toBe('active')
    await page.settle(() => choice(2)?.click())
    expect(page.text()).toContain('Jobs of attempt 2')
    expect(page.element('ship')?.getAttribute('data-state')).toBe('failed')
    await page.update(
      attempt([job('ship', null)], 4),
      attempt([job('ship', null)], 3),
      attempt([job('ship', 'failure')], 2),
    )
    expect(page.text()).toContain('Jobs of attempt 2')
    await page.settle(() => choice(4)?.click())
    await page.update(attempt([job('ship', null)], 5), attempt([job('ship', 'failure')], 4))
    expect(page.text()).toContain('Jobs of attempt 5')
  })

  it('nothing is shown before GitHub’s record was read', async () => {
    expect((await show()).text()).toBe('')
  })
})
