// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from 'vitest'
import type { LogLine } from '~/domain/deploy/view'
import { LogTail } from '~/ui/deploy-modal/follow/log-tail'
import { renderPage } from './render-page'

// This DOM has no layout: the box shows twelve lines of 20 pixels.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(20)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(240)
  vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockReturnValue(20_000 * 20)
})

const tail: LogLine[] = Array.from({ length: 200 }, (_, index) => ({
  seq: 19_801 + index,
  line: `line ${19_801 + index}`,
  at: '2026-11-21T03:00:00.000Z',
}))

it('a long log opens at its end, draws few of its lines, and reads none of the others', async () => {
  const page = await renderPage(<LogTail deployId="x" tail={tail} deletedAt={null} terminal />, {
    'deploys.log': new Error('was asked for older lines'),
  })
  const rows = [...document.querySelectorAll('[role="log"] li')]
  expect(rows.length).toBeLessThan(100)
  expect(rows.at(-1)?.textContent).toContain('line 20000')
  expect(rows.at(-1)?.getAttribute('aria-setsize')).toBe('20000')
  expect(page.alert()).toBeNull()
})

it('an empty log of an ended deploy says whether it was deleted', async () => {
  const gone = await renderPage(<LogTail deployId="x" tail={[]} deletedAt="2026-11-28T03:00:00.000Z" terminal />)
  expect(gone.text()).toContain('The log was deleted on 2026-11-28 because of its age.')
})
