'use client'

import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import type { FreezeInForce } from '~/domain/freeze/freeze'
import type { SurfaceTile } from '~/domain/surface/tile'
import { minuteUtc } from '~/domain/utc-time'
import { untilWords } from '~/ui/freezes/freeze-words'
import { endChoice, endOf, LOCK_ENDS, type LockEnd } from '~/ui/locks/lock-ends'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { useMember, useRefusal } from '~/ui/shell/member'
import { consoleNow } from '~/ui/time/clock'
import { useReaderZone } from '~/ui/time/reader-zone'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

type Kind = 'lock' | 'notice'

interface LockDialogProps {
  readonly tile: SurfaceTile
  readonly onClose: () => void
}

/** The lock and the notice of a surface: set them, change their reason and end, lift them. */
export function LockDialog({ tile, onClose }: LockDialogProps) {
  const lock = tile.freezes.find(({ kind }) => kind === 'locked')
  return (
    <Dialog.Root open onOpenChange={(next) => next || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 flex items-start justify-center overflow-y-auto p-4 sm:pt-[12vh]">
          <Dialog.Popup className="w-full max-w-lg rounded-lg border border-line bg-panel shadow-xl">
            <header className="flex items-start justify-between gap-3 border-b border-line px-5 pt-4 pb-3">
              <Dialog.Title className="min-w-0 text-base leading-6 font-semibold tracking-[-0.01em] break-words">
                {lock === undefined ? 'Lock ' : 'Lock of '}
                <ForeignText text={tile.name} />{' '}
                <span className="font-normal text-ink-faint">
                  <ForeignText text={tile.environment} />
                </span>
              </Dialog.Title>
              <Dialog.Close render={<Button tone="bare" className="-mt-1 -mr-2 w-8 px-0!" />}>
                <X aria-hidden="true" className="size-4" />
                <span className="sr-only">Close</span>
              </Dialog.Close>
            </header>
            {lock !== undefined && <Standing tile={tile} freeze={lock} kind="lock" onDone={onClose} />}
            {tile.notice !== null && <Standing tile={tile} freeze={tile.notice} kind="notice" onDone={onClose} />}
            {lock === undefined && <NewLock tile={tile} onDone={onClose} />}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Reads the grid and the freezes again, and closes the dialog. */
function useDone(onDone: () => void) {
  const utils = trpc.useUtils()
  return () => {
    void utils.freezes.invalidate()
    void utils.surfaces.list.invalidate()
    onDone()
  }
}

const EFFECTS = {
  lock: 'Lock: deploys are refused, except those of the person who sets it',
  notice: 'Notice: a deploy shows a warning, and is not refused',
} as const satisfies Record<Kind, string>

interface FormProps {
  readonly tile: SurfaceTile
  readonly onDone: () => void
}

function NewLock({ tile, onDone }: FormProps) {
  const refusal = useRefusal('freeze.manage', tile.environment)
  const kinds = tile.notice === null ? (['lock', 'notice'] as const) : (['lock'] as const)
  const [kind, setKind] = useState<Kind>('lock')
  const [reason, setReason] = useState('')
  const [end, setEnd] = useState<LockEnd>('hour')
  const lock = trpc.surfaces.lock.useMutation({ onSuccess: useDone(onDone) })
  if (refusal !== null) return <p className="px-5 py-4 text-sm text-ink-soft">{refusal}</p>
  const ready = reason.trim() !== '' && !lock.isPending
  return (
    <form
      aria-label="New lock"
      className="flex flex-col gap-4 border-line px-5 py-4 not-first:border-t"
      onSubmit={(event) => {
        event.preventDefault()
        const endsAt = endOf(end, consoleNow())
        if (ready) lock.mutate({ surfaceId: tile.id, reason, kind, ...(endsAt == null ? {} : { endsAt }) })
      }}
    >
      {kinds.length > 1 && (
        <Radios
          legend="Effect"
          name="lock-kind"
          options={kinds.map((one) => [one, EFFECTS[one]])}
          chosen={kind}
          onChoose={setKind}
        />
      )}
      <ReasonInput id="new-lock-reason" value={reason} onValue={setReason} />
      <EndChoice ends={LOCK_ENDS.filter((one) => one !== 'kept')} chosen={end} onChoose={setEnd} name="lock-end" />
      <Problem error={lock.error} />
      <Button type="submit" tone="strong" disabled={!ready} className="self-start">
        {kind === 'lock' ? 'Lock' : 'Set notice'}
      </Button>
    </form>
  )
}

interface StandingProps extends FormProps {
  readonly freeze: FreezeInForce
  readonly kind: Kind
}

/** A lock or notice that is in force, with its reason and end to change. */
function Standing({ tile, freeze, kind, onDone }: StandingProps) {
  const refusal = useRefusal('freeze.manage', tile.environment)
  const mayDeploy = useRefusal('deploy.dispatch', tile.environment) === null
  const member = useMember()
  const [reason, setReason] = useState(freeze.reason)
  const [end, setEnd] = useState<LockEnd>('kept')
  const [asked, setAsked] = useState(false)
  const done = useDone(onDone)
  const change = trpc.freezes.change.useMutation({ onSuccess: done })
  const unlock = trpc.surfaces.unlock.useMutation({ onSuccess: done })
  const isHolder = member !== null && member.email === freeze.by
  /** The server knows whose deploy was rolled back. */
  const mayBeTheirs = freeze.by === ARMED_ACTOR && mayDeploy
  const endsAt = endOf(end, consoleNow())
  const isChanged = reason.trim() !== freeze.reason || end !== 'kept'
  const ready = isChanged && reason.trim() !== '' && !change.isPending
  const word = kind === 'lock' ? 'Unlock' : 'Lift notice'
  return (
    <form
      aria-label={kind === 'lock' ? 'Lock' : 'Notice'}
      className="flex flex-col gap-4 border-line px-5 py-4 not-first:border-t"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) change.mutate({ id: freeze.id, reason, ...(endsAt === undefined ? {} : { endsAt }) })
      }}
    >
      <p className="text-sm text-ink-soft">
        {kind === 'lock' ? 'Locked' : 'Notice'} by <ForeignText text={freeze.by} /> since {minuteUtc(freeze.since)},{' '}
        {untilWords(freeze.until)}.{freeze.rollbacksPass === true && ' A rollback passes.'}
        {kind === 'lock' && isHolder && ' You set it, so you may deploy.'}
      </p>
      {refusal === null ? (
        <>
          <ReasonInput id={`${kind}-reason`} value={reason} onValue={setReason} />
          <EndChoice ends={LOCK_ENDS} chosen={end} onChoose={setEnd} name={`${kind}-end`} />
        </>
      ) : (
        <p className="text-sm break-words">
          “<ForeignText text={freeze.reason} whole />”
        </p>
      )}
      <Problem error={change.error ?? unlock.error} />
      <div className="flex flex-wrap items-center gap-2">
        {refusal === null && (
          <Button type="submit" tone="strong" disabled={!ready}>
            Save
          </Button>
        )}
        {(refusal === null || isHolder || mayBeTheirs) &&
          (asked ? (
            <>
              <Button autoFocus disabled={unlock.isPending} onClick={() => unlock.mutate({ surfaceId: tile.id, kind })}>
                {word} now
              </Button>
              <Button tone="bare" onClick={() => setAsked(false)}>
                Keep
              </Button>
            </>
          ) : (
            <Button onClick={() => setAsked(true)}>{word}</Button>
          ))}
        {refusal !== null && !isHolder && (
          <p className="text-xs text-ink-faint">
            {mayBeTheirs ? 'An approver may unlock, and the person whose deploy was rolled back.' : refusal}
          </p>
        )}
      </div>
    </form>
  )
}

function Problem({ error }: { readonly error: unknown }): ReactNode {
  if (error === null || error === undefined) return null
  return (
    <Notice tone="bad" role="alert">
      {readWireError(error).message}
    </Notice>
  )
}

interface ReasonInputProps {
  readonly id: string
  readonly value: string
  readonly onValue: (value: string) => void
}

function ReasonInput({ id, value, onValue }: ReasonInputProps) {
  return (
    <Field id={id} label="Reason" hint="shown to everybody, kept in the audit trail">
      <input
        id={id}
        value={value}
        maxLength={500}
        autoComplete="off"
        onChange={(event) => onValue(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}

interface EndChoiceProps {
  readonly ends: readonly LockEnd[]
  readonly chosen: LockEnd
  readonly onChoose: (end: LockEnd) => void
  readonly name: string
}

function EndChoice({ ends, chosen, onChoose, name }: EndChoiceProps) {
  const zone = useReaderZone()
  return (
    <Radios
      legend="Until"
      name={name}
      options={ends.map((end) => [end, endChoice(end, zone)])}
      chosen={chosen}
      onChoose={onChoose}
    />
  )
}

interface RadiosProps<Value extends string> {
  readonly legend: string
  readonly name: string
  readonly options: readonly (readonly [Value, string])[]
  readonly chosen: Value
  readonly onChoose: (value: Value) => void
}

function Radios<Value extends string>({ legend, name, options, chosen, onChoose }: RadiosProps<Value>) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">{legend}</legend>
      {options.map(([value, words]) => (
        <label key={value} className="flex min-h-7 items-center gap-2 text-sm any-pointer-coarse:min-h-9">
          <input
            type="radio"
            name={name}
            checked={value === chosen}
            onChange={() => onChoose(value)}
            className="size-4 shrink-0 accent-accent"
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
