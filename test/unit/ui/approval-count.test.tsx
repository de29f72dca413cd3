// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DecidableApprovals, PageMember } from '~/domain/member'
import { NotificationChoice } from '~/ui/approvals/notification-choice'
import { DecisionsWaiting, FollowApprovals, withCount } from '~/ui/shell/approval-count'
import { trpc } from '~/ui/trpc/client'
import { renderPage } from './render-page'

const request = (id: string, surface = 'API') => ({ id, surface, requestedBy: 'ada', requestedByOwner: null })
const NONE: DecidableApprovals = { count: 0, newest: [] }
const member = (decidable: DecidableApprovals, role: PageMember['role'] = 'approver'): PageMember => ({
  ...{ name: 'Grace', email: 'grace@example.com', role, environments: null },
  ...{ providers: [], sandboxUrl: null, decidable },
})

const shown: { title: string; body: string | undefined; tag: string | undefined }[] = []
let permission: NotificationPermission
let answered: NotificationPermission
const asked = vi.fn()
class BrowserNotification {
  static get permission() {
    return permission
  }
  static async requestPermission() {
    asked()
    permission = answered
    return permission
  }
  constructor(title: string, options: NotificationOptions = {}) {
    shown.push({ title, body: options.body, tag: options.tag })
  }
  close() {}
}

beforeEach(() => {
  shown.length = 0
  asked.mockReset()
  permission = 'default'
  answered = 'granted'
  window.localStorage.clear()
  vi.stubGlobal('Notification', BrowserNotification)
  vi.stubGlobal('isSecureContext', true)
  vi.spyOn(document, 'hasFocus').mockReturnValue(false)
  document.title = 'Deploy Console'
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

function Refresh() {
  const utils = trpc.useUtils()
  return (
    <button type="button" onClick={() => void utils.approvals.decidable.invalidate()}>
      Refresh
    </button>
  )
}

async function open(
  first: DecidableApprovals,
  next: DecidableApprovals = first,
  role: PageMember['role'] = 'approver',
) {
  const page = await renderPage(
    <FollowApprovals member={member(first, role)}>
      <NotificationChoice />
      <DecisionsWaiting />
      <Refresh />
    </FollowApprovals>,
    { 'approvals.decidable': next },
  )
  return { ...page, arrive: () => page.press('Refresh') }
}

describe('the count of approvals', () => {
  it('stands in the tab’s title before the title of the page, and goes with the last request', async () => {
    const page = await open({ count: 2, newest: [request('1'), request('2')] }, NONE)
    expect(document.title).toBe('(2) Deploy Console')
    expect(page.text()).toContain('2 wait for your decision')
    await page.settle(() => {
      document.title = '● api: Smoke gate — Deploy Console'
    })
    expect(document.title).toBe('(2) ● api: Smoke gate — Deploy Console')
    await page.arrive()
    expect(document.title).toBe('● api: Smoke gate — Deploy Console')
    expect(page.text()).not.toContain('for your decision')
  })

  it('replaces the count of a title and leaves other parentheses alone', () => {
    expect(withCount('(3) Deploys', 100)).toBe('(99+) Deploys')
    expect(withCount('(99+) Deploys', 0)).toBe('Deploys')
    expect(withCount('(beta) Deploys', 1)).toBe('(1) (beta) Deploys')
  })

  it('asks nothing for a reader who may not approve', async () => {
    const page = await open(NONE, { count: 5, newest: [request('1')] }, 'deployer')
    await page.arrive()
    expect(page.text()).not.toContain('for your decision')
  })
})

describe('notifications of requests', () => {
  const first = { count: 1, newest: [request('1')] }
  const next = { count: 2, newest: [request('2', 'Web\u202e'), request('1')] }

  it('are off, and the browser is not asked, until the member turns them on', async () => {
    const page = await open(first, next)
    expect(page.field('Notify me')).toHaveProperty('checked', false)
    await page.arrive()
    expect(shown).toEqual([])
    expect(asked).not.toHaveBeenCalled()
  })

  it('name the surface and the requester of a request that came later, and no earlier one', async () => {
    const page = await open(first, next)
    await page.tick('Notify me')
    await page.settle()
    expect(asked).toHaveBeenCalledOnce()
    expect(page.field('Notify me')).toHaveProperty('checked', true)
    await page.arrive()
    expect(shown).toEqual([{ title: 'Approval requested: Web⟨U+202E⟩', body: 'By ada', tag: '2' }])
    expect(page.text()).toContain('2 wait for your decision.')
  })

  const turnOn = () => window.localStorage.setItem('deploy-console approval notifications', 'on')

  it('are not shown where the browser permits them and nobody turned them on', async () => {
    permission = 'granted'
    const page = await open(first, next)
    await page.arrive()
    expect(shown).toEqual([])
  })

  it('are not shown while the window is in use', async () => {
    permission = 'granted'
    turnOn()
    vi.mocked(document.hasFocus).mockReturnValue(true)
    await (await open(first, next)).arrive()
    expect(shown).toEqual([])
  })

  it('are not shown for an earlier request that moves up when another is decided', async () => {
    permission = 'granted'
    turnOn()
    await (await open({ count: 2, newest: [request('3')] }, { count: 1, newest: [request('2')] })).arrive()
    expect(shown).toEqual([])
  })

  it('stay off, with the reason, if the browser refuses them', async () => {
    answered = 'denied'
    const page = await open(first, next)
    await page.tick('Notify me')
    await page.settle()
    expect(page.alert()).toContain('This browser refuses notifications from the console.')
    expect(page.field('Notify me')).toHaveProperty('checked', false)
    await page.arrive()
    expect(shown).toEqual([])
  })

  it('need a secure page', async () => {
    vi.stubGlobal('isSecureContext', false)
    const page = await open(first, next)
    await page.tick('Notify me')
    await page.settle()
    expect(page.alert()).toContain('Open the console over HTTPS')
    expect(asked).not.toHaveBeenCalled()
  })
})
