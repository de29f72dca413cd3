// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AccountView, ProofMethods } from '~/domain/account'
import { NameForm } from '~/ui/account/name-form'
import { PasswordForm } from '~/ui/account/password-form'
import { JoinForm, NewPasswordForm } from '~/ui/auth/entry/link-forms'
// Loaded with the test: the page loads it when it is needed.
import '~/ui/auth/confirm-identity'
import { ConfirmIdentity } from '~/ui/auth/prompts'
import { AddChannelForm } from '~/ui/deliveries/add-channel-form'
import { InviteForm } from '~/ui/members/people-page'
import { askForProof } from '~/ui/trpc/auth-link'
import { deferred } from '~test/support/deferred'
import { authAnswers, renderPage } from './render-page'

let auth: ReturnType<typeof authAnswers>
const gone = vi.fn()
beforeEach(() => {
  auth = authAnswers()
  gone.mockReset()
  vi.spyOn(window.location, 'assign').mockImplementation(gone)
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const PASSWORD = 'correct horse battery'
const refusal = (detail: string) => ({ status: 403, body: { code: 'forbidden', detail } })

describe('the form that joins with a link', () => {
  const openForm = async (email: string | null = null) => {
    const page = await renderPage(<JoinForm token="the token" email={email} action="Join" />)
    await page.fill('Name', ' Ada ')
    if (email === null) await page.fill('E-mail address', 'ada@example.com')
    await page.fill('Password', PASSWORD)
    return page
  }

  it('sends the link’s token with a trimmed name and the password as typed, and opens the grid', async () => {
    auth.answers.push({ status: 200 })
    const page = await openForm()
    await page.press('Join')
    const body = { token: 'the token', name: 'Ada', email: 'ada@example.com', password: PASSWORD }
    expect(auth.sent).toEqual([{ path: '/api/auth/links/accept', body }])
    expect(gone.mock.calls).toEqual([['/']])
  })

  it('does not let the address of an invitation be changed', async () => {
    const page = await openForm('bob@example.com')
    const field = page.field('E-mail address')
    expect([field.value, field instanceof HTMLInputElement && field.readOnly]).toEqual(['bob@example.com', true])
  })

  it('keeps all that was typed when the console refuses, and can be sent again', async () => {
    auth.answers.push(refusal('This link has expired.'), { status: 200 })
    const page = await openForm()
    await page.press('Join')
    expect(page.alert()).toBe('This link has expired.')
    expect(['Name', 'E-mail address', 'Password'].map((label) => page.field(label).value)).toEqual([
      ' Ada ',
      'ada@example.com',
      PASSWORD,
    ])
    expect(gone).not.toHaveBeenCalled()
    await page.press('Join')
    expect(page.alert()).toBeNull()
    expect(gone).toHaveBeenCalledOnce()
  })

  it('uses the link once, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<{ status: number }>()
    auth.answers.push(answer.promise)
    const page = await openForm()
    await page.press('Join')
    expect(page.button('Join').disabled).toBe(true)
    await page.pressEnter('Password')
    await page.settle(() => answer.resolve({ status: 200 }))
    expect(auth.sent).toHaveLength(1)
  })
})

describe('the form that sets a new password with a link', () => {
  const openForm = async () => {
    const page = await renderPage(<NewPasswordForm token="the token" email="ada@example.com" />)
    await page.fill('New password', PASSWORD)
    return page
  }

  it('sends the token and the password alone, and goes to the sign-in', async () => {
    auth.answers.push({ status: 200 })
    const page = await openForm()
    await page.press('Set password')
    expect(auth.sent).toEqual([{ path: '/api/auth/links/accept', body: { token: 'the token', password: PASSWORD } }])
    expect(gone.mock.calls).toEqual([['/sign-in']])
  })

  it('shows why it was refused, keeps the password, and stays on the page', async () => {
    auth.answers.push(refusal('This link has expired.'))
    const page = await openForm()
    await page.press('Set password')
    expect([page.alert(), page.field('New password').value]).toEqual(['This link has expired.', PASSWORD])
    expect(gone).not.toHaveBeenCalled()
  })

  it('uses the link once, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<{ status: number }>()
    auth.answers.push(answer.promise)
    const page = await openForm()
    await page.press('Set password')
    await page.pressEnter('New password')
    await page.settle(() => answer.resolve({ status: 200 }))
    expect(auth.sent).toHaveLength(1)
  })
})

describe('the form that changes the password', () => {
  const changed = vi.fn()
  const openForm = async () => {
    changed.mockReset()
    const page = await renderPage(<PasswordForm onChanged={changed} />)
    await page.fill('Current password', 'the old password')
    await page.fill('New password', PASSWORD)
    return page
  }

  it('ends every other session, says so, and forgets both passwords', async () => {
    auth.answers.push({ status: 200 })
    const page = await openForm()
    await page.press('Change password')
    const body = { currentPassword: 'the old password', newPassword: PASSWORD, revokeOtherSessions: true }
    expect(auth.sent).toEqual([{ path: '/api/auth/change-password', body }])
    expect(page.text()).toContain('Password changed. All other sessions have ended.')
    expect([page.field('Current password').value, page.field('New password').value]).toEqual(['', ''])
    expect(changed).toHaveBeenCalledOnce()
  })

  it('keeps the new password when the current one is incorrect, and clears the current one', async () => {
    auth.answers.push({ status: 400, body: { code: 'INVALID_PASSWORD', message: 'of the library' } })
    const page = await openForm()
    await page.press('Change password')
    expect(page.alert()).toBe('Incorrect password. Nothing was changed. Try again.')
    expect([page.field('Current password').value, page.field('New password').value]).toEqual(['', PASSWORD])
    expect(changed).not.toHaveBeenCalled()
  })

  it('requires the current password and a new one that is long enough', async () => {
    const page = await openForm()
    await page.fill('New password', 'short')
    expect(page.button('Change password').disabled).toBe(true)
    await page.fill('New password', PASSWORD)
    expect(page.button('Change password').disabled).toBe(false)
    await page.fill('Current password', '')
    expect(page.button('Change password').disabled).toBe(true)
  })

  it('sends one request, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<{ status: number }>()
    auth.answers.push(answer.promise)
    const page = await openForm()
    await page.press('Change password')
    await page.pressEnter('New password')
    await page.settle(() => answer.resolve({ status: 200 }))
    expect(auth.sent).toHaveLength(1)
  })
})

describe('the form that changes the name', () => {
  const account: AccountView = {
    name: 'Ada',
    email: 'ada@example.com',
    password: true,
    secondFactor: false,
    passkeys: [],
    providers: [],
    sessions: [],
  }
  const changed = vi.fn()
  const openForm = async (answer: unknown = {}) => {
    changed.mockReset()
    return await renderPage(<NameForm account={account} onChanged={changed} />, { 'account.rename': answer })
  }

  it('saves only a name that differs and is not empty', async () => {
    const page = await openForm()
    const mayBeSaved = async (name: string) => {
      await page.fill('Name', name)
      await page.pressEnter('Name')
      return !page.button('Save').disabled
    }
    expect([await mayBeSaved('Ada '), await mayBeSaved('   ')]).toEqual([false, false])
    expect(page.calls).toEqual([])
    expect(await mayBeSaved('Ada Lovelace')).toBe(true)
    expect(page.calls).toEqual([{ procedure: 'account.rename', input: { name: 'Ada Lovelace' } }])
    expect(changed).toHaveBeenCalledOnce()
  })

  it('shows why the name was refused, and keeps what was typed', async () => {
    const page = await openForm(new Error('The name has a line break.'))
    await page.fill('Name', 'Ada Lovelace')
    await page.press('Save')
    expect([page.alert(), page.field('Name').value]).toEqual(['The name has a line break.', 'Ada Lovelace'])
    expect(changed).not.toHaveBeenCalled()
  })

  it('sends one request, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<object>()
    const page = await openForm(answer.promise)
    await page.fill('Name', 'Ada Lovelace')
    await page.press('Save')
    await page.pressEnter('Name')
    await page.settle(() => answer.resolve({}))
    expect(page.calls).toHaveLength(1)
  })
})

describe('the form that invites', () => {
  const invited = vi.fn()
  const openForm = async (answer: unknown = { path: '/invite/the-token' }) => {
    invited.mockReset()
    const page = await renderPage(<InviteForm environments={['production', 'staging']} onInvited={invited} />, {
      'members.invite': answer,
    })
    await page.fill('E-mail address', 'bob@example.com')
    return page
  }

  it('proposes a deployer of every environment, hands on the link, and is empty again', async () => {
    const page = await openForm()
    await page.press('Create link')
    expect(page.calls[0]?.input).toEqual({ email: 'bob@example.com', role: 'deployer', environments: null })
    expect(invited.mock.calls).toEqual([[{ path: '/invite/the-token', email: 'bob@example.com' }]])
    expect(page.field('E-mail address').value).toBe('')
  })

  it('requires at least one environment unless an invitation is for every environment', async () => {
    const page = await openForm()
    await page.tick('Every environment')
    await page.pressEnter('E-mail address')
    expect(page.button('Create link').disabled).toBe(true)
    expect(page.calls).toEqual([])
    await page.tick('staging')
    await page.press('Create link')
    expect(page.calls[0]?.input).toMatchObject({ environments: ['staging'] })
  })

  it('gives an admin every environment, whatever was chosen before', async () => {
    const page = await openForm()
    await page.tick('Every environment')
    await page.tick('staging')
    await page.fill('Role', 'admin')
    await page.press('Create link')
    expect(page.calls[0]?.input).toMatchObject({ role: 'admin', environments: null })
  })

  it('shows why it was refused, and keeps the address and the limits', async () => {
    const page = await openForm(new Error('This person is a member already.'))
    await page.fill('Role', 'viewer')
    await page.press('Create link')
    expect(page.alert()).toBe('This person is a member already.')
    expect([page.field('E-mail address').value, page.field('Role').value]).toEqual(['bob@example.com', 'viewer'])
    expect(invited).not.toHaveBeenCalled()
  })

  it('makes one link, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<object>()
    const page = await openForm(answer.promise)
    await page.press('Create link')
    await page.pressEnter('E-mail address')
    await page.settle(() => answer.resolve({ path: '/invite/the-token' }))
    expect(page.calls).toHaveLength(1)
  })
})

describe('the form that adds a channel', () => {
  const added = vi.fn()
  const openForm = async (answer: unknown = { name: 'ops', secret: 'the secret' }) => {
    added.mockReset()
    const page = await renderPage(<AddChannelForm onAdded={added} />, { 'deliveries.addChannel': answer })
    await page.fill('Name', 'ops')
    await page.fill('Address', 'https://hooks.example.com/deploys')
    return page
  }

  it('proposes a signed webhook, hands on the secret once, and keeps neither the secret nor the address', async () => {
    const page = await openForm()
    await page.press('Add channel')
    expect(page.calls[0]?.input).toEqual({ kind: 'webhook', name: 'ops', url: 'https://hooks.example.com/deploys' })
    expect(added.mock.calls).toEqual([[{ name: 'ops', secret: 'the secret' }]])
    expect(page.text()).not.toContain('the secret')
    expect([page.field('Name').value, page.field('Address').value]).toEqual(['', ''])
  })

  it('sends the chosen kind, and requires a name and an address', async () => {
    const page = await openForm()
    await page.fill('Kind', 'slack')
    await page.fill('Name', '  ')
    await page.pressEnter('Name')
    expect([page.button('Add channel').disabled, page.calls]).toEqual([true, []])
    await page.fill('Name', 'ops')
    await page.press('Add channel')
    expect(page.calls[0]?.input).toMatchObject({ kind: 'slack' })
  })

  it('shows why it was refused, and keeps what was typed', async () => {
    const page = await openForm(new Error('The address is not public.'))
    await page.press('Add channel')
    expect(page.alert()).toBe('The address is not public.')
    expect([page.field('Name').value, page.field('Address').value]).toEqual([
      'ops',
      'https://hooks.example.com/deploys',
    ])
    expect(added).not.toHaveBeenCalled()
  })

  it('adds one channel, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<object>()
    const page = await openForm(answer.promise)
    await page.press('Add channel')
    await page.pressEnter('Name')
    await page.settle(() => answer.resolve({ name: 'ops', secret: null }))
    expect(page.calls).toHaveLength(1)
  })
})

describe('the dialog that confirms an identity', () => {
  const methods: ProofMethods = { password: true, passkey: false, sandbox: false, providers: [] }
  /** A page with a request that waits for a proof. */
  const openDialog = async (answered: unknown = methods) => {
    const page = await renderPage(<ConfirmIdentity />, { 'account.proofMethods': answered })
    let proved = Promise.resolve(false)
    await page.settle(() => {
      proved = askForProof()
    })
    await page.arrives('Confirm your identity')
    return { page, proved }
  }

  it('lets the waiting request continue once the password is accepted', async () => {
    auth.answers.push({ status: 200 })
    const { page, proved } = await openDialog()
    await page.fill('Password', PASSWORD)
    await page.press('Confirm')
    expect(auth.sent).toEqual([{ path: '/api/auth/confirm/password', body: { password: PASSWORD } }])
    expect(await proved).toBe(true)
  })

  it('stays open after an incorrect password, clears the field, and accepts another try', async () => {
    auth.answers.push(refusal('Incorrect password.'), { status: 200 })
    const { page, proved } = await openDialog()
    await page.fill('Password', 'wrong')
    await page.press('Confirm')
    expect([page.alert(), page.field('Password').value]).toEqual(['Incorrect password.', ''])
    await page.fill('Password', PASSWORD)
    await page.press('Confirm')
    expect(await proved).toBe(true)
  })

  it('sends one proof, however often Enter is pressed while the answer is awaited', async () => {
    const answer = deferred<{ status: number }>()
    auth.answers.push(answer.promise)
    const { page, proved } = await openDialog()
    await page.fill('Password', PASSWORD)
    await page.press('Confirm')
    await page.pressEnter('Password')
    await page.settle(() => answer.resolve({ status: 200 }))
    expect(await proved).toBe(true)
    expect(auth.sent).toHaveLength(1)
  })

  it('on Cancel sends no proof and leaves the waiting request refused', async () => {
    const { page, proved } = await openDialog()
    await page.press('Cancel')
    expect([await proved, auth.sent]).toEqual([false, []])
  })

  it('confirms the sandbox operator, who has no password, with one click', async () => {
    auth.answers.push({ status: 200 })
    const { page, proved } = await openDialog({ ...methods, password: false, sandbox: true })
    await page.press('Confirm')
    expect([await proved, auth.sent.map(({ path }) => path)]).toEqual([true, ['/api/auth/confirm/sandbox']])
  })

  it('sends a member with a provider alone to that provider, which must ask for credentials', async () => {
    auth.answers.push({ status: 200, body: { url: 'https://id.example.com/authorize' } })
    const providers = [{ id: 'acme', name: 'Acme', proof: 'possible' }]
    const { page } = await openDialog({ ...methods, password: false, providers })
    await page.press('Sign in again with Acme')
    expect(auth.sent[0]?.body).toMatchObject({ provider: 'acme', additionalParams: { prompt: 'login', max_age: '0' } })
    expect(gone.mock.calls).toEqual([['https://id.example.com/authorize']])
  })

  it('offers no way to confirm if the console cannot list the ways', async () => {
    const { page } = await openDialog(new Error('The database does not answer.'))
    expect(page.alert()).toBe('The database does not answer.')
    expect(() => page.button('Confirm')).toThrow()
  })
})
