// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AccountView, ProofMethods } from '~/domain/account'
import { NameForm } from '~/ui/account/name-form'
import { PasswordForm } from '~/ui/account/password-form'
import { SecondFactorSection } from '~/ui/account/second-factor-section'
// Loaded with the test: the page loads it when it is needed.
import '~/ui/auth/confirm-identity'
import { ConfirmIdentity } from '~/ui/auth/prompts'
import { SignInForm } from '~/ui/auth/sign-in-form'
import { askForProof } from '~/ui/trpc/auth-link'
import { authAnswers, renderPage } from './render-page'

let auth: ReturnType<typeof authAnswers>
beforeEach(() => {
  auth = authAnswers()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const ignore = () => undefined
const wrongPassword = { status: 400, body: { code: 'INVALID_PASSWORD', message: 'of the library' } }

/** What a screen reader says about a field: whether its text was refused, and why. */
function saidWith(field: Element) {
  const refusal = document.getElementById(field.getAttribute('aria-describedby') ?? '')
  return { invalid: field.getAttribute('aria-invalid') === 'true', why: refusal?.textContent ?? null }
}
const NOTHING = { invalid: false, why: null }

describe('a refused field is marked as invalid and described by the refusal', () => {
  it('in the name form', async () => {
    const account: AccountView = {
      ...{ name: 'Ada', email: 'ada@example.com', password: true, secondFactor: false },
      ...{ passkeys: [], providers: [], sessions: [] },
    }
    const page = await renderPage(<NameForm account={account} onChanged={ignore} />, {
      'account.rename': new Error('The name has a line break.'),
    })
    expect(saidWith(page.field('Name'))).toEqual(NOTHING)
    await page.fill('Name', 'Ada Lovelace')
    await page.press('Save')
    expect(saidWith(page.field('Name'))).toEqual({ invalid: true, why: 'The name has a line break.' })
  })

  it('in the password form, only at the incorrect current password', async () => {
    auth.answers.push(wrongPassword)
    const page = await renderPage(<PasswordForm onChanged={ignore} />)
    await page.fill('Current password', 'wrong')
    await page.fill('New password', 'correct horse battery')
    await page.press('Change password')
    expect(saidWith(page.field('Current password'))).toEqual({ invalid: true, why: page.alert() })
    expect(saidWith(page.field('New password'))).toEqual(NOTHING)
  })

  it('in the password step of the second factor', async () => {
    auth.answers.push(wrongPassword)
    const page = await renderPage(<SecondFactorSection on={false} onChanged={ignore} />)
    await page.press('Switch on')
    await page.fill('Your password', 'wrong')
    await page.press('Continue')
    expect(saidWith(page.field('Your password'))).toEqual({ invalid: true, why: page.alert() })
  })

  it('in the dialog that confirms an identity', async () => {
    auth.answers.push({ status: 403, body: { code: 'forbidden', detail: 'Incorrect password.' } })
    const methods: ProofMethods = { password: true, passkey: false, sandbox: false, providers: [] }
    const page = await renderPage(<ConfirmIdentity />, { 'account.proofMethods': methods })
    await page.settle(() => {
      void askForProof()
    })
    await page.arrives('Confirm your identity')
    await page.fill('Password', 'wrong')
    await page.press('Confirm')
    expect(saidWith(page.field('Password'))).toEqual({ invalid: true, why: 'Incorrect password.' })
  })

  it('in the sign-in form, at the password and at the code', async () => {
    const signIn = <SignInForm next="/" providers={[]} passkeys={false} refused={null} onSignedIn={ignore} />
    auth.answers.push(
      { status: 401, body: { code: 'INVALID_EMAIL_OR_PASSWORD', message: '' } },
      { status: 200, body: { twoFactorRedirect: true } },
      { status: 401, body: { code: 'INVALID_CODE', message: '' } },
    )
    const page = await renderPage(signIn)
    await page.fill('E-mail address', 'ada@example.com')
    await page.fill('Password', 'wrong')
    await page.press('Sign in')
    expect(saidWith(page.field('Password'))).toEqual({ invalid: true, why: page.alert() })
    await page.fill('Password', 'correct horse battery')
    await page.press('Sign in')
    expect(saidWith(page.field('Code from your app'))).toEqual(NOTHING)
    await page.fill('Code from your app', '000000')
    await page.press('Sign in')
    expect(saidWith(page.field('Code from your app'))).toEqual({ invalid: true, why: page.alert() })
  })
})
