'use client'

import { CircleCheck, CircleQuestionMark, OctagonX } from 'lucide-react'
import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import type { NetState } from '~/domain/freeze/net-state'
import { FIELD, Field } from '~/ui/primitives/field'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { useReaderZone } from '~/ui/time/reader-zone'
import { exactTimes } from '~/ui/time/relative-time'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** "May I deploy api-prod on Friday at 16:00?", answered by the rules that a dispatch would meet. */
export function NetStateQuestion() {
  const zone = useReaderZone()
  const surfaces = useSurfaces()
  const [surfaceId, setSurfaceId] = useState('')
  const [local, setLocal] = useState('')
  // The reader's clock: a browser reads a time without a zone as local.
  const at = local === '' ? undefined : new Date(local)
  const isTime = at === undefined || !Number.isNaN(at.getTime())
  const state = trpc.freezes.netState.useQuery(
    { surfaceId, ...(at === undefined || !isTime ? {} : { at: at.toISOString() }) },
    { enabled: surfaceId !== '' && isTime },
  )
  const tiles = (surfaces.data?.surfaces ?? []).filter(({ archived }) => !archived)
  const asked = tiles.find(({ id }) => id === surfaceId)
  return (
    <section
      aria-labelledby="may-i-deploy"
      className={`rounded-md border border-line bg-panel p-4 print:border-0 print:p-0 ${asked === undefined ? 'print:hidden' : ''}`}
    >
      <h2 id="may-i-deploy" className="mb-3 text-sm font-semibold">
        May I deploy?
        {asked !== undefined && (
          <span className="hidden font-normal print:inline">
            {' '}
            <ForeignText text={asked.name} />, <ForeignText text={asked.environment} />
          </span>
        )}
      </h2>
      <div className="grid gap-3 sm:grid-cols-2 lg:max-w-2xl print:hidden">
        <Field id="net-surface" label="Surface">
          <select
            id="net-surface"
            value={surfaceId}
            onChange={(event) => setSurfaceId(event.target.value)}
            className={FIELD}
          >
            <option value="">Choose a surface</option>
            {tiles.map((tile) => (
              <option key={tile.id} value={tile.id}>
                {inSentence(tile.name)}, {inSentence(tile.environment)}
              </option>
            ))}
          </select>
        </Field>
        <Field id="net-at" label="When" hint={`${zone}, now if empty`}>
          <input
            id="net-at"
            type="datetime-local"
            value={local}
            onChange={(event) => setLocal(event.target.value)}
            className={FIELD}
          />
        </Field>
      </div>
      <div aria-live="polite" className="mt-3 min-h-6">
        {state.isError && <Notice tone="warn">{readWireError(state.error).message}</Notice>}
        {surfaceId !== '' && state.data !== undefined && <Answer state={state.data} zone={zone} />}
      </div>
    </section>
  )
}

/** "2026-12-04 15:30 UTC, 2026-12-04 16:30 in Europe/Berlin" */
const minuteTimes = (at: string, zone: string) => exactTimes(at, zone).replaceAll(/(\d\d:\d\d):\d\d/g, '$1')

const ANSWERS = {
  yes: { Icon: CircleCheck, tone: 'text-good', words: 'Yes' },
  no: { Icon: OctagonX, tone: 'text-bad', words: 'No' },
  unknown: { Icon: CircleQuestionMark, tone: 'text-warn', words: 'Not known' },
} as const satisfies Record<NetState['answer'], unknown>

function Answer({ state, zone }: { readonly state: NetState; readonly zone: string }) {
  const { Icon, tone, words } = ANSWERS[state.answer]
  return (
    <div data-answer={state.answer} className="text-sm">
      <p className="flex flex-wrap items-center gap-x-1.5">
        <Icon aria-hidden="true" className={`size-4 shrink-0 ${tone}`} />
        <span className={`font-semibold ${tone}`}>{words}</span>
        <span className="text-ink-faint tabular-nums">{minuteTimes(state.at, zone)}</span>
      </p>
      <ul className="mt-1 flex flex-col gap-1 pl-5.5 text-pretty">
        {state.reasons.map((reason) => (
          <li key={reason}>
            <Sentence text={reason} />
          </li>
        ))}
        {state.notes.map((note) => (
          <li key={note} className="text-ink-soft">
            <Sentence text={note} />
          </li>
        ))}
        {state.until !== null && (
          <li className="text-ink-soft">
            As declared now, this changes at <span className="tabular-nums">{minuteTimes(state.until, zone)}</span>.
          </li>
        )}
        <li className="text-xs text-ink-faint">
          This considers freezes, locks and DEPLOY_FREEZE. It does not consider rights, approvals or a running deploy.
        </li>
      </ul>
    </div>
  )
}
