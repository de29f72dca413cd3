'use client'

import { useState } from 'react'
import { WRONG } from '~/ui/account/password-form'
import { type Asked, askAuth, isRecord } from '~/ui/auth/ask-auth'

export type Step =
  | { readonly at: 'rest' }
  | { readonly at: 'password'; readonly goal: 'on' | 'off' | 'codes' }
  /** The backup codes are shown after the app's first correct code: before that, they do not work. */
  | { readonly at: 'scan'; readonly uri: string; readonly codes: readonly string[] }
  | { readonly at: 'codes'; readonly codes: readonly string[] }

/** The steps that switch the second factor on or off, and the server's answer to the last step. */
export function useSecondFactor(onChanged: () => void) {
  const [step, setStep] = useState<Step>({ at: 'rest' })
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)

  const ask = async (path: string, body: Readonly<Record<string, unknown>>, then: (said: unknown) => void) => {
    setBusy(true)
    setRefusal(null)
    const answer = await askAuth(path, body)
    setBusy(false)
    if (answer.ok) then(answer.body)
    else setRefusal(wordsOf(answer))
  }
  const toStep = (next: Step) => {
    setRefusal(null)
    setStep(next)
  }

  return {
    step,
    busy,
    refusal,
    toStep,
    start: (password: string) =>
      ask('/two-factor/enable', { password, method: 'totp' }, (said) =>
        toStep({ at: 'scan', uri: textOf(said, 'totpURI'), codes: codesOf(said) }),
      ),
    verify: (code: string) =>
      ask('/two-factor/verify-totp', { code }, () => {
        toStep(step.at === 'scan' ? { at: 'codes', codes: step.codes } : { at: 'rest' })
        onChanged()
      }),
    switchOff: (password: string) =>
      ask('/two-factor/disable', { password }, () => {
        toStep({ at: 'rest' })
        onChanged()
      }),
    renewCodes: (password: string) =>
      ask('/two-factor/generate-backup-codes', { password }, (said) => toStep({ at: 'codes', codes: codesOf(said) })),
  }
}

const wordsOf = ({ code, message }: Extract<Asked, { readonly ok: false }>): string => {
  if (code === 'INVALID_PASSWORD') return WRONG
  return code === 'INVALID_CODE' ? 'Incorrect code. Type the code that the app shows now.' : message
}

const textOf = (said: unknown, name: string): string =>
  isRecord(said) && typeof said[name] === 'string' ? said[name] : ''

const codesOf = (said: unknown): readonly string[] => {
  const codes = isRecord(said) ? said['backupCodes'] : null
  return Array.isArray(codes) ? codes.filter((code) => typeof code === 'string') : []
}
