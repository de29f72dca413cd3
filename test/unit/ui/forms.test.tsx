// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SignInForm } from '~/ui/auth/sign-in-form'
import { RefuseForm } from '~/ui/deploy-modal/approval/approval-foot'
import { LockForm, OpenWindowForm } from '~/ui/freezes/freeze-form'
import { CreateTokenForm } from '~/ui/tokens/create-token-form'
import { tile } from './fixtures'
import { authAnswers, renderPage } from './render-page'

afterEach(async () => {
  vi.unstubAllGlobals()
})

describe('the sign-in form', () => {
  let auth: ReturnType<typeof authAnswers>
  beforeEach(() => {
    auth = authAnswers()
  })
  const signedIn = vi.fn()
  const openForm = async () => {
    signedIn.mockReset()
    const page = await renderPage(
      <SignInForm next="/flags" providers={[]} passkeys={false} refused={null} onSignedIn={signedIn} />,
    )
    await page.fill('E-mail address', ' ada@example.com ')
    await page.fill('Password', 'a long password')
    return page
  }

  it('signs in with the trimmed address and the password as typed', async () => {
    auth.answers.push({ status: 200, body: { user: {} } })
    const page = await openForm()
    await page.press('Sign in')
    expect(auth.sent).toEqual([
      { path: '/api/auth/sign-in/email', body: { email: 'ada@example.com', password: 'a long password' } },
    ])
    expect(signedIn).toHaveBeenCalledOnce()
  })

  it('says that email or password is incorrect, and clears the password alone', async () => {
    auth.answers.push({ status: 401, body: { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'of the library' } })
    const page = await openForm()
    await page.press('Sign in')
    expect(page.alert()).toMatch(/^Incorrect e-mail address or password\./)
    expect([page.field('E-mail address').value, page.field('Password').value]).toEqual(['ada@example.com', ''])
    expect(signedIn).not.toHaveBeenCalled()
  })

  it('asks for the second factor, and tells a code of the app from a backup code', async () => {
    const wrong = { status: 401, body: { code: 'INVALID_CODE' } }
    auth.answers.push({ status: 200, body: { twoFactorRedirect: true } }, wrong, { status: 200 })
    const page = await openForm()
    await page.press('Sign in')
    await page.fill('Code from your app', '123 456')
    await page.press('Sign in')
    expect(page.alert()).toMatch(/^Incorrect code\./)
    await page.fill('Code from your app', 'abcde-fghij')
    await page.press('Sign in')
    expect(auth.sent.slice(1)).toEqual([
      { path: '/api/auth/two-factor/verify-totp', body: { code: '123456' } },
      { path: '/api/auth/two-factor/verify-backup-code', body: { code: 'abcde-fghij' } },
    ])
    expect(signedIn).toHaveBeenCalledOnce()
  })

  it('returns to the password once the second factor’s time is over', async () => {
    auth.answers.push(
      { status: 200, body: { twoFactorRedirect: true } },
      { status: 401, body: { code: 'INVALID_TWO_FACTOR_COOKIE' } },
    )
    const page = await openForm()
    await page.press('Sign in')
    await page.fill('Code from your app', '123456')
    await page.press('Sign in')
    expect(page.alert()).toBe('The sign-in expired. Sign in again.')
    expect(page.field('Password').value).toBe('')
  })
})

describe('the form that opens a freeze', () => {
  const openForm = (answer: unknown = {}) =>
    renderPage(<OpenWindowForm environments={['staging', 'production']} onChanged={() => undefined} />, {
      'freezes.open': answer,
    })

  it('proposes production, needs a reason, and sends no times that were left empty', async () => {
    const page = await openForm()
    expect(page.button('Freeze production').disabled).toBe(true)
    await page.fill('Reason', '  ')
    expect(page.button('Freeze production').disabled).toBe(true)
    await page.fill('Reason', 'release week')
    await page.press('Freeze production')
    expect(page.calls).toEqual([
      { procedure: 'freezes.open', input: { environment: 'production', reason: 'release week' } },
    ])
    expect(page.field('Reason').value).toBe('')
  })

  it('reads its times as UTC', async () => {
    const page = await openForm()
    await page.fill('Environment', 'staging')
    await page.fill('Reason', 'release week')
    await page.fill('From', '2026-11-28T18:00')
    await page.fill('Until', '2026-11-29T06:30')
    await page.press('Freeze staging')
    expect(page.calls[0]?.input).toEqual({
      environment: 'staging',
      reason: 'release week',
      startsAt: '2026-11-28T18:00:00Z',
      endsAt: '2026-11-29T06:30:00Z',
    })
  })

  it('shows why it was refused, and keeps what was typed', async () => {
    const page = await openForm(new Error('The freeze ends before it starts.'))
    await page.fill('Reason', 'release week')
    await page.press('Freeze production')
    expect(page.alert()).toBe('The freeze ends before it starts.')
    expect(page.field('Reason').value).toBe('release week')
  })
})

it('the lock form needs a surface and a reason, and offers no surface that is locked', async () => {
  const lock = {
    id: 'f',
    kind: 'locked',
    reason: 'held',
    by: 'ada',
    since: '2026-11-28T12:00:00Z',
    until: null,
  } as const
  const tiles = [tile('api'), tile('docs', { freezes: [lock] })]
  const page = await renderPage(<LockForm tiles={tiles} onChanged={() => undefined} />, { 'surfaces.lock': {} })
  await page.fill('Reason', 'being migrated')
  expect(page.button('Lock').disabled).toBe(true)
  expect([...page.field('Surface').querySelectorAll('option')].map(({ disabled }) => disabled)).toEqual([
    false,
    false,
    true,
  ])
  await page.fill('Surface', 'api')
  await page.press('Lock')
  expect(page.calls).toEqual([{ procedure: 'surfaces.lock', input: { surfaceId: 'api', reason: 'being migrated' } }])
})

it('the refuse form sends a trimmed reason, and nothing without one', async () => {
  const refuse = vi.fn()
  const page = await renderPage(<RefuseForm pending={false} onRefuse={refuse} onKeep={() => undefined} />)
  await page.fill('Reason', '   ')
  expect(page.button('Refuse').disabled).toBe(true)
  await page.fill('Reason', ' not on a Friday ')
  await page.press('Refuse')
  expect(refuse.mock.calls).toEqual([['not on a Friday']])
})

describe('the form that creates a token', () => {
  const choices = {
    permissions: ['deploy.read', 'deploy.dispatch'],
    environments: ['production', 'staging'],
    surfaces: [
      { id: 'api-prod', environment: 'production' },
      { id: 'api-staging', environment: 'staging' },
    ],
  }
  const openForm = async (onMade: (made: unknown) => void = () => undefined) => {
    const made = { secret: 'the secret', token: { label: 'ci' } }
    const page = await renderPage(<CreateTokenForm onMade={onMade} />, {
      'tokens.choices': choices,
      'tokens.create': made,
    })
    await page.fill('Label', 'ci')
    return page
  }
  const words = { read: 'Read deploys', dispatch: 'Deploy' } as const

  it('preselects no permission, and gives a token that only reads no environment', async () => {
    const made = vi.fn()
    const page = await openForm(made)
    expect(page.button('Create token').disabled).toBe(true)
    await page.tick(words.read)
    await page.press('Create token')
    expect(page.calls[0]?.input).toEqual({
      label: 'ci',
      permissions: ['deploy.read'],
      expiresInDays: 30,
      environments: [],
      surfaces: null,
    })
    expect(made.mock.calls).toEqual([[{ label: 'ci', secret: 'the secret' }]])
    expect(page.text()).not.toContain('the secret')
  })

  it('needs an environment for a token that deploys, and warns about production', async () => {
    const page = await openForm()
    await page.tick(words.dispatch)
    expect(page.button('Create token').disabled).toBe(true)
    await page.tick('production')
    expect(page.text()).toContain('A token changes production without further confirmation.')
    await page.tick('api-prod')
    await page.press('Create token')
    expect(page.calls[0]?.input).toMatchObject({ environments: ['production'], surfaces: ['api-prod'] })
  })

  it('forgets a surface whose environment was taken away', async () => {
    const page = await openForm()
    await page.tick(words.dispatch)
    await page.tick('production')
    await page.tick('api-prod')
    await page.tick('staging')
    await page.tick('production')
    await page.press('Create token')
    expect(page.calls[0]?.input).toMatchObject({ environments: ['staging'], surfaces: null })
  })
})
