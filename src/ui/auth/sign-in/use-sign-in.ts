'use client'

import { useState } from 'react'
import { type Asked, askAuth, isRecord } from '~/ui/auth/ask-auth'
import { startAtProvider } from '~/ui/auth/at-provider'
import { askForPasskey } from '~/ui/auth/passkey'

/**
 * The ways in, and what the server said of the last try. A provider leads back to `next`, a page of this console; the other
 * ways end with `onSignedIn`.
 */
export function useSignIn(next: string, refused: string | null, onSignedIn: () => void) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(refused)
  const [wantsCode, setWantsCode] = useState(false)

  const attempt = async (ask: () => Promise<Asked>) => {
    setBusy(true)
    setRefusal(null)
    const answer = await ask()
    const more = answer.ok && isRecord(answer.body) && answer.body['twoFactorRedirect'] === true
    if (answer.ok && !more) return onSignedIn()
    setBusy(false)
    if (more) setWantsCode(true)
    if (!answer.ok) setRefusal(REFUSALS[answer.code ?? ''] ?? answer.message)
    if (!answer.ok && OVER.has(answer.code ?? '')) setWantsCode(false)
  }

  return {
    busy,
    refusal,
    wantsCode,
    byPassword: (email: string, password: string) => attempt(() => askAuth('/sign-in/email', { email, password })),
    atProvider: async (provider: string) => {
      setBusy(true)
      const leads = await startAtProvider('/sign-in/social', provider, next)
      if (leads === null) return
      setBusy(false)
      setRefusal(leads)
    },
    /** Backup codes have a dash and letters, the app's have digits only. */
    byCode: (code: string) => {
      const kind = /^[\d\s]+$/.test(code) ? 'verify-totp' : 'verify-backup-code'
      return attempt(() => askAuth(`/two-factor/${kind}`, { code: code.replaceAll(/\s/g, '') }))
    },
    byPasskey: () =>
      attempt(async () => {
        const asked = await askForPasskey()
        if (!asked.ok) return { ...asked, code: null }
        return await askAuth('/passkey/verify-authentication', { response: asked.response })
      }),
  }
}

const WRONG_CODE = 'That code is wrong. Type the one the app shows now, or a backup code.'

const REFUSALS: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD:
    'Address and password do not fit together. After five wrong passwords an address has to wait a little.',
  INVALID_CODE: WRONG_CODE,
  INVALID_BACKUP_CODE: WRONG_CODE,
  INVALID_TWO_FACTOR_COOKIE: 'That took too long. Sign in again.',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'Too many wrong codes. Sign in again.',
  PASSKEY_NOT_FOUND: 'The console does not know this passkey. Sign in another way, and add it to your account.',
}

/** What the password began is over. */
const OVER: ReadonlySet<string> = new Set(['INVALID_TWO_FACTOR_COOKIE', 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE'])
