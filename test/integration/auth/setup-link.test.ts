import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Deps } from '~/server/deps'
import { makeSetupLink } from '~/server/members/manage/links'
import { browser, PASSWORD } from '~test/support/auth-client'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeEach(async () => {
  console_ = await createTestConsole()
})
afterEach(() => console_.close())

const later = (minutes: number): Deps => ({
  ...console_.deps,
  now: () => new Date(Date.now() + minutes * 60_000),
})
const use = ({ path }: { readonly path: string }, email: string, deps = console_.deps) =>
  browser(deps).post('/links/accept', { token: path.slice('/setup/'.length), name: 'Ada', email, password: PASSWORD })
const admins = () => console_.deps.db.member.count({ where: { role: 'admin' } })
const GONE = { status: 410, body: { code: 'link_unusable' } }

describe('a setup link', () => {
  it('a setup link creates one admin, and no further admin once there is one', async () => {
    const { deps } = console_
    const link = await makeSetupLink(deps, { sandbox: false })
    expect(await use(link, 'ada@example.com')).toMatchObject({ status: 200 })
    expect(await use(link, 'eve@example.com')).toMatchObject(GONE)
    await expect(makeSetupLink(deps, { sandbox: false })).rejects.toMatchObject({ code: 'admin_exists' })
    // As if a second use of the link had started before there was an admin.
    await deps.db.invitation.updateMany({ data: { usedAt: null, usedByUserId: null } })
    expect(await use(link, 'eve@example.com')).toMatchObject(GONE)
    expect(await admins()).toBe(1)
  })

  it('a setup link works after 29 minutes and has expired after 31', async () => {
    const link = await makeSetupLink(console_.deps, { sandbox: false })
    expect(await use(link, 'ada@example.com', later(31))).toMatchObject(GONE)
    expect(await admins()).toBe(0)
    expect(await use(link, 'ada@example.com', later(29))).toMatchObject({ status: 200 })
  })

  it('a new setup link revokes the earlier one', async () => {
    const before = await makeSetupLink(console_.deps, { sandbox: false })
    const after = await makeSetupLink(console_.deps, { sandbox: false })
    expect(await use(before, 'eve@example.com')).toMatchObject(GONE)
    expect(await use(after, 'ada@example.com')).toMatchObject({ status: 200 })
  })
})
