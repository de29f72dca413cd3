'use client'

import { useState } from 'react'
import { AccountSection } from '~/ui/account/account-section'
import { BackupCodes } from '~/ui/account/backup-codes'
import { Enrolment } from '~/ui/account/enrolment'
import { PasswordField } from '~/ui/account/password-field'
import { type Step, useSecondFactor } from '~/ui/account/use-second-factor'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

interface SecondFactorSectionProps {
  readonly on: boolean
  readonly onChanged: () => void
}

const ABOUT = 'After the password, a code of an authenticator app. Signing in with a passkey does not ask for it.'

export function SecondFactorSection({ on, onChanged }: SecondFactorSectionProps) {
  const { step, busy, refusal, toStep, start, verify, switchOff, renewCodes } = useSecondFactor(onChanged)
  return (
    <AccountSection id="second-factor" title="Second factor" about={ABOUT}>
      <div className="flex flex-col gap-3">
        {step.at === 'rest' && <AtRest on={on} toStep={toStep} />}
        {step.at === 'password' && (
          <PasswordStep
            {...WORDS[step.goal]}
            busy={busy}
            onCancel={() => toStep({ at: 'rest' })}
            onSubmit={{ on: start, off: switchOff, codes: renewCodes }[step.goal]}
          />
        )}
        {step.at === 'scan' && (
          <Enrolment uri={step.uri} busy={busy} onCancel={() => toStep({ at: 'rest' })} onCode={verify} />
        )}
        {step.at === 'codes' && <BackupCodes codes={step.codes} onDone={() => toStep({ at: 'rest' })} />}
        {refusal !== null && (
          <Notice tone="bad" role="alert">
            {refusal}
          </Notice>
        )}
      </div>
    </AccountSection>
  )
}

const WORDS = {
  on: { action: 'Continue', danger: false },
  off: { action: 'Switch it off', danger: true },
  codes: { action: 'Make new codes', danger: false },
} as const

function AtRest({ on, toStep }: { readonly on: boolean; readonly toStep: (step: Step) => void }) {
  if (!on) {
    return (
      <>
        <p className="text-sm text-ink-soft">It is off: the password alone signs you in.</p>
        <Button className="self-start" onClick={() => toStep({ at: 'password', goal: 'on' })}>
          Switch on
        </Button>
      </>
    )
  }
  return (
    <>
      <p className="text-sm text-good">It is on.</p>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => toStep({ at: 'password', goal: 'codes' })}>New backup codes</Button>
        <Button onClick={() => toStep({ at: 'password', goal: 'off' })}>Switch off</Button>
      </div>
    </>
  )
}

interface PasswordStepProps {
  readonly action: string
  readonly danger: boolean
  readonly busy: boolean
  readonly onSubmit: (password: string) => Promise<void>
  readonly onCancel: () => void
}

function PasswordStep({ action, danger, busy, onSubmit, onCancel }: PasswordStepProps) {
  const [password, setPassword] = useState('')
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onSubmit(password).then(() => setPassword(''))
      }}
    >
      <PasswordField id="second-factor-password" label="Your password" value={password} onChange={setPassword} />
      <div className="flex gap-2">
        <Button type="submit" tone={danger ? 'danger' : 'strong'} disabled={busy || password === ''}>
          {action}
        </Button>
        <Button tone="bare" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
