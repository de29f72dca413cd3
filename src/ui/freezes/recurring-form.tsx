'use client'

import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import { recurrenceWords, WEEKDAYS, type Weekday } from '~/domain/freeze/recurrence'
import type { SurfaceTile } from '~/domain/surface/tile'
import { FreezeForm, ReasonField, TextField } from '~/ui/freezes/freeze-form'
import { utcInstant } from '~/ui/freezes/freeze-words'
import { REPEATS, type Repeat, readWindowDraft, type WindowDraft } from '~/ui/freezes/window-draft'
import { FIELD, Field } from '~/ui/primitives/field'
import { useReaderZone, useZoneNames } from '~/ui/time/reader-zone'
import { trpc } from '~/ui/trpc/client'

interface RecurringFormProps {
  readonly tiles: readonly SurfaceTile[]
  readonly environments: readonly string[]
  readonly onChanged: () => void
}

const EMPTY = { repeat: 'weekly', days: [], rule: '', firstDay: '', from: '', until: '', daysLater: '0' } as const

const EFFECTS = { freeze: 'Refuse deploys', allow: 'Allow deploys only then' } as const

/** A window that recurs: deploys are refused in it, or allowed only in it. */
export function RecurringForm({ tiles, environments, onChanged }: RecurringFormProps) {
  const readersZone = useReaderZone()
  const [typed, setTyped] = useState<Omit<WindowDraft, 'timeZone'>>(EMPTY)
  const [zone, setZone] = useState<string | null>(null)
  const [kind, setKind] = useState<keyof typeof EFFECTS>('freeze')
  const [scope, setScope] = useState('')
  const [reason, setReason] = useState('')
  const [end, setEnd] = useState('')
  const [rollbacksPass, setRollbacksPass] = useState(false)
  const draft = { ...typed, timeZone: zone ?? readersZone }
  const change = (changed: Partial<WindowDraft>) => setTyped({ ...typed, ...changed })
  const read = readWindowDraft(draft)
  const open = trpc.freezes.open.useMutation({
    onSuccess: () => {
      setTyped(EMPTY)
      setReason('')
      setEnd('')
      onChanged()
    },
  })
  const surface = tiles.find(({ id }) => `surface ${id}` === scope)
  const named = environments.find((name) => `environment ${name}` === scope)
  const environment = named ?? environments.find((name) => name === 'production') ?? environments[0] ?? 'production'
  const endsAt = utcInstant(end)
  return (
    <FreezeForm
      id="recurring-window"
      title="Add a recurring window"
      submit="Add window"
      ready={'recurrence' in read && reason.trim() !== '' && !open.isPending}
      environment={surface?.environment ?? environment}
      error={open.error}
      onSubmit={() => {
        if (!('recurrence' in read)) return
        open.mutate({
          kind,
          ...(surface === undefined ? { environment } : { surfaceId: surface.id }),
          reason,
          recurrence: read.recurrence,
          rollbacksPass,
          ...(endsAt === null ? {} : { endsAt }),
        })
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field id="recurring-kind" label="Effect">
          <select
            id="recurring-kind"
            value={kind}
            onChange={(event) => setKind(event.target.value === 'allow' ? 'allow' : 'freeze')}
            className={FIELD}
          >
            {Object.entries(EFFECTS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </Field>
        <Field id="recurring-scope" label="Of">
          <select
            id="recurring-scope"
            value={surface === undefined ? `environment ${environment}` : scope}
            onChange={(event) => setScope(event.target.value)}
            className={FIELD}
          >
            {environments.map((name) => (
              <option key={name} value={`environment ${name}`}>
                All of {inSentence(name)}
              </option>
            ))}
            {tiles.map(({ id, name, environment: its }) => (
              <option key={id} value={`surface ${id}`}>
                {inSentence(name)}, {inSentence(its)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <ReasonField id="recurring-reason" value={reason} onValue={setReason} />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field id="recurring-repeat" label="Repeats">
          <select
            id="recurring-repeat"
            value={draft.repeat}
            onChange={(event) => {
              const chosen = Object.keys(REPEATS).find((repeat) => repeat === event.target.value)
              change({ repeat: (chosen ?? 'weekly') as Repeat })
            }}
            className={FIELD}
          >
            {Object.entries(REPEATS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </Field>
        {draft.repeat === 'rule' && (
          <TextField
            id="recurring-rule"
            label="Rule"
            hint="such as FREQ=MONTHLY;BYDAY=-1FR"
            maxLength={200}
            value={draft.rule}
            onValue={(rule) => change({ rule })}
          />
        )}
        {draft.repeat === 'weekly' && <Weekdays chosen={draft.days} onChange={(days) => change({ days })} />}
      </div>
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-5">
        <TextField
          id="recurring-day"
          label="First day"
          type="date"
          value={draft.firstDay}
          onValue={(firstDay) => change({ firstDay })}
        />
        <TextField
          id="recurring-from"
          label="From"
          type="time"
          value={draft.from}
          onValue={(from) => change({ from })}
        />
        <TextField
          id="recurring-until"
          label="Until"
          type="time"
          value={draft.until}
          onValue={(until) => change({ until })}
        />
        <TextField
          id="recurring-later"
          label="Days later"
          type="number"
          value={draft.daysLater}
          onValue={(daysLater) => change({ daysLater })}
        />
        <div className="max-lg:col-span-2">
          <ZoneField value={draft.timeZone} onValue={setZone} />
        </div>
      </div>
      <div className="grid items-end gap-3 sm:grid-cols-2">
        <TextField
          id="recurring-end"
          label="Ends"
          hint="UTC, never if empty"
          type="datetime-local"
          value={end}
          onValue={setEnd}
        />
        <label className="flex min-h-8 items-center gap-2 text-sm any-pointer-coarse:min-h-9">
          <input
            type="checkbox"
            checked={rollbacksPass}
            onChange={(event) => setRollbacksPass(event.target.checked)}
            className="size-4 accent-accent"
          />
          Let rollbacks pass
        </label>
      </div>
      <p role="status" className="min-h-5 text-xs text-ink-soft">
        {'recurrence' in read ? `${EFFECTS[kind]}: ${recurrenceWords(read.recurrence)}.` : read.problem}
      </p>
    </FreezeForm>
  )
}

const DAY_NAMES: Readonly<Record<Weekday, string>> = {
  MO: 'Mon',
  TU: 'Tue',
  WE: 'Wed',
  TH: 'Thu',
  FR: 'Fri',
  SA: 'Sat',
  SU: 'Sun',
}

interface WeekdaysProps {
  readonly chosen: readonly Weekday[]
  readonly onChange: (chosen: readonly Weekday[]) => void
}

function Weekdays({ chosen, onChange }: WeekdaysProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">On</legend>
      <div className="grid grid-cols-7 gap-1">
        {WEEKDAYS.map((day) => (
          <label
            key={day}
            className="flex h-8 cursor-pointer items-center justify-center rounded-[5px] border border-control text-xs has-checked:border-accent has-checked:bg-accent-wash has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="checkbox"
              checked={chosen.includes(day)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, day] : chosen.filter((other) => other !== day))
              }
              className="sr-only"
            />
            {DAY_NAMES[day]}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** The zone whose clock the times are by. */
function ZoneField({ value, onValue }: { readonly value: string; readonly onValue: (zone: string) => void }) {
  const names = useZoneNames()
  return (
    <Field id="recurring-zone" label="Time zone">
      <input
        id="recurring-zone"
        list="time-zones"
        value={value}
        maxLength={64}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onValue(event.target.value)}
        className={FIELD}
      />
      <datalist id="time-zones">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </Field>
  )
}
