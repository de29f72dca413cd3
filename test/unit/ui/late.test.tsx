// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { late } from '~/ui/primitives/late'
import { renderPage } from './render-page'

function Part({ word }: { readonly word: string }) {
  return <p>{word}</p>
}

/** A late part that counts how often its code is asked for. The first answers fail as often as said. */
function countedPart({ failures = 0 } = {}) {
  const asked = { times: 0 }
  const LatePart = late(async () => {
    asked.times += 1
    if (asked.times <= failures) throw new Error('404')
    return Part
  })
  return { asked, LatePart }
}

describe('a late part of a page', () => {
  it('is not loaded before somebody uses the page, and once after that', async () => {
    const { asked, LatePart } = countedPart()
    const page = await renderPage(<LatePart needed={false} word="dialog" />)
    expect([asked.times, page.text()]).toEqual([0, ''])
    await page.settle(() => window.dispatchEvent(new Event('pointermove')))
    await page.settle(() => window.dispatchEvent(new Event('keydown')))
    expect([asked.times, page.text()]).toEqual([1, 'dialog'])
  })

  it('is loaded at once where it is needed', async () => {
    const { LatePart } = countedPart()
    const page = await renderPage(<LatePart needed word="dialog" />)
    expect(page.text()).toBe('dialog')
  })

  it('says that it could not be loaded where it is needed, and arrives if a later use finds it', async () => {
    const { LatePart } = countedPart({ failures: 1 })
    const page = await renderPage(<LatePart needed word="dialog" />)
    expect(page.alert()).toContain('could not be loaded. Nothing was changed.')
    await page.settle(() => window.dispatchEvent(new Event('pointermove')))
    expect([page.alert(), page.text()]).toEqual([null, 'dialog'])
  })

  it('stays silent about a failure that nobody waits for', async () => {
    const { LatePart } = countedPart({ failures: 1 })
    const page = await renderPage(<LatePart needed={false} word="dialog" />)
    await page.settle(() => window.dispatchEvent(new Event('pointermove')))
    expect(page.text()).toBe('')
  })
})
