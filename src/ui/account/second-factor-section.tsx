'use client'

import { useState } from 'react'
import { encode } from 'uqr'
import { AccountSection } from '~/ui/account/account-section'
import { type Step, useSecondFactor } from '~/ui/account/use-second-factor'
import { Button } from '~/ui/primitives/button'
import { CodeField, PasswordField } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'

interface SecondFactorSectionProps {
  readonly on: boolean
  readonly onChanged: () => void
}

const ABOUT =
  'A code from an authenticator app, required after the password. Signing in with a passkey does not need it.'

/** The id of the notice that says why the last step was refused. Each step has one field. */
const REFUSAL = 'second-factor-refusal'

export function SecondFactorSection({ on, onChanged }: SecondFactorSectionProps) {
  const { step, busy, refusal, toStep, start, verify, switchOff, renewCodes } = useSecondFactor(onChanged)
  const refusalId = refusal === null ? null : REFUSAL
  return (
    <AccountSection id="second-factor" title="Second factor" about={ABOUT}>
      <div className="flex flex-col gap-3">
        {step.at === 'rest' && <AtRest on={on} toStep={toStep} />}
        {step.at === 'password' && (
          <PasswordStep
            {...WORDS[step.goal]}
            busy={busy}
            refusalId={refusalId}
            onCancel={() => toStep({ at: 'rest' })}
            onSubmit={{ on: start, off: switchOff, codes: renewCodes }[step.goal]}
          />
        )}
        {step.at === 'scan' && (
          <Enrolment
            uri={step.uri}
            busy={busy}
            refusalId={refusalId}
            onCancel={() => toStep({ at: 'rest' })}
            onCode={verify}
          />
        )}
        {step.at === 'codes' && <BackupCodes codes={step.codes} onDone={() => toStep({ at: 'rest' })} />}
        {refusal !== null && (
          <Notice id={REFUSAL} tone="bad" role="alert">
            {refusal}
          </Notice>
        )}
      </div>
    </AccountSection>
  )
}

const WORDS = {
  on: { action: 'Continue', danger: false },
  off: { action: 'Switch off', danger: true },
  codes: { action: 'Generate new codes', danger: false },
} as const

function AtRest({ on, toStep }: { readonly on: boolean; readonly toStep: (step: Step) => void }) {
  if (!on) {
    return (
      <>
        <p className="text-sm text-ink-soft">Off. Your password alone signs you in.</p>
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
  readonly refusalId: string | null
  readonly onSubmit: (password: string) => Promise<void>
  readonly onCancel: () => void
}

function PasswordStep({ action, danger, busy, refusalId, onSubmit, onCancel }: PasswordStepProps) {
  const [password, setPassword] = useState('')
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onSubmit(password).then(() => setPassword(''))
      }}
    >
      <PasswordField
        id="second-factor-password"
        label="Your password"
        refusalId={refusalId}
        value={password}
        onChange={setPassword}
      />
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

interface EnrolmentProps {
  /** `otpauth://…` contains the secret and stays in this page's memory only. */
  readonly uri: string
  readonly busy: boolean
  readonly refusalId: string | null
  readonly onCode: (code: string) => Promise<void>
  readonly onCancel: () => void
}

/** Shows the secret to the app, and asks for a code to prove that the app has the secret. */
function Enrolment({ uri, busy, refusalId, onCode, onCancel }: EnrolmentProps) {
  const [code, setCode] = useState('')
  const secret = URL.canParse(uri) ? (new URL(uri).searchParams.get('secret') ?? '') : ''
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void onCode(code).then(() => setCode(''))
      }}
    >
      <p className="text-sm text-pretty text-ink-soft">
        Scan this code with your authenticator app, then type the six digits that the app shows.
      </p>
      <div className="flex flex-wrap items-start gap-4">
        <QrCode text={uri} label="QR code for your authenticator app" />
        <div className="min-w-48 flex-1">
          <p className="text-xs text-ink-soft">Or type this key into the app:</p>
          <p className="mt-1 rounded-[5px] bg-well px-2 py-1.5 font-mono text-xs break-all" data-secret>
            {secret}
          </p>
        </div>
      </div>
      <CodeField id="enrolment-code" label="Code" refusalId={refusalId} value={code} onChange={setCode} />
      <div className="flex gap-2">
        <Button type="submit" tone="strong" disabled={busy || code.trim() === ''}>
          Switch on
        </Button>
        <Button tone="bare" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

/** Shows the backup codes, once. */
function BackupCodes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <div className="flex flex-col gap-3">
      <Notice tone="warn" role="status">
        Copy these backup codes now. They are shown only once. Keep them away from your phone: each signs you in once,
        in place of a code from the app.
      </Notice>
      <ul
        aria-label="Backup codes"
        className="grid grid-cols-2 gap-x-6 gap-y-1 rounded-[5px] bg-well px-3 py-2 font-mono text-sm"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Button tone="strong" className="self-start" onClick={onDone}>
        I have saved them
      </Button>
    </div>
  )
}

/** Drawn as SVG: the content security policy allows no image from another site. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 3 })
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-44 rounded-[5px] border border-line bg-white"
    >
      <path d={dark.join('')} fill="#000" />
    </svg>
  )
}
