'use client'

import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { type DeviceRequestView, userCode } from '~/domain/device-sign-in'
import { Button } from '~/ui/primitives/button'
import { Choices, FIELD, Field, tiedTo } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { PageFrame } from '~/ui/shell/page-frame'
import { TimeAgo } from '~/ui/time/time-ago'
import { permissionWords } from '~/ui/tokens/token-words'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

type Ended = 'approved' | 'denied'

/** Where a person approves the command line of a machine. The code is typed, because a link with the code could come from anybody. */
export function DevicePage() {
  const [code, setCode] = useState('')
  const [ended, setEnded] = useState<Ended | null>(null)
  const utils = trpc.useUtils()
  const [found, setFound] = useState<{ readonly code: string; readonly view: DeviceRequestView } | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const find = async () => {
    if (!userCode.safeParse(code).success) {
      setRefusal('This is not a code. Type the eight letters that the terminal shows, such as BCDF-GHJK.')
      return
    }
    setRefusal(null)
    try {
      setFound({ code, view: await utils.device.find.fetch({ code }, { staleTime: 0 }) })
    } catch (error) {
      setRefusal(readWireError(error).message)
    }
  }
  return (
    <PageFrame title="Sign in a command line">
      <div className="max-w-xl">
        {ended !== null && <End ended={ended} />}
        {ended === null && found === null && (
          <form
            className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
            onSubmit={(event) => {
              event.preventDefault()
              void find()
            }}
          >
            <Field id="device-code" label="Code in your terminal" hint="such as BCDF-GHJK">
              <input
                id="device-code"
                value={code}
                required
                maxLength={40}
                autoComplete="off"
                autoCapitalize="characters"
                spellCheck={false}
                {...tiedTo(refusal === null ? null : 'device-code-refusal')}
                onChange={(event) => setCode(event.target.value)}
                className={`${FIELD} font-mono tracking-widest uppercase`}
              />
            </Field>
            {refusal !== null && (
              <div id="device-code-refusal">
                <Notice tone="bad" role="alert">
                  {refusal}
                </Notice>
              </div>
            )}
            <p className="text-sm text-pretty text-ink-soft">
              Continue only if you started the sign-in yourself, on a machine that you trust.
            </p>
            <Button type="submit" tone="strong" className="self-start" disabled={code.trim() === ''}>
              Continue
            </Button>
          </form>
        )}
        {ended === null && found !== null && (
          <Decision code={found.code} view={found.view} onEnd={setEnded} onBack={() => setFound(null)} />
        )}
      </div>
    </PageFrame>
  )
}

interface DecisionProps {
  readonly code: string
  readonly view: DeviceRequestView
  readonly onEnd: (ended: Ended) => void
  readonly onBack: () => void
}

/** What is approved: which machine, what it may do, and where. */
function Decision({ code, view, onEnd, onBack }: DecisionProps) {
  const [environments, setEnvironments] = useState<readonly string[]>([])
  const approve = trpc.device.approve.useMutation({ onSuccess: () => onEnd('approved') })
  const deny = trpc.device.deny.useMutation({ onSuccess: () => onEnd('denied') })
  const isPending = approve.isPending || deny.isPending
  const failed = approve.error ?? deny.error
  const isSignIn = view.purpose === 'sign_in'
  return (
    <section
      aria-labelledby="device"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4 text-sm"
    >
      <h2 id="device" className="text-sm font-semibold">
        {isSignIn ? 'A command line asks to act for you' : 'A command line asks for a proof of your identity'}
      </h2>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        <dt className="text-ink-soft">Machine</dt>
        <dd className="font-medium break-all">
          <ForeignText text={view.machine} />
        </dd>
        <dt className="text-ink-soft">Asked from</dt>
        <dd className="break-all">
          <ForeignText text={view.address} />, <TimeAgo at={view.requestedAt} />
        </dd>
        {isSignIn && (
          <>
            <dt className="text-ink-soft">May</dt>
            <dd className="text-pretty">{permissionWords(view.permissions)}</dd>
            <dt className="text-ink-soft">Signed in</dt>
            <dd>for {view.tokenDays} days, or until you revoke it</dd>
          </>
        )}
      </dl>
      {isSignIn ? (
        <Choices
          legend="May change"
          hint="read only if none is ticked"
          options={view.environments.map((value) => ({ value, words: value }))}
          chosen={environments}
          onChange={setEnvironments}
        />
      ) : (
        <p className="text-pretty text-ink-soft">
          The command that you just ran needs it. The proof holds for 15 minutes from your last password or passkey.
        </p>
      )}
      <p className="text-pretty text-warn">
        Approve only what you started yourself, a moment ago. Nobody else has a reason to give you a code.
      </p>
      {failed !== null && (
        <Notice tone="bad" role="alert">
          {readWireError(failed).message}
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button
          tone="strong"
          disabled={isPending}
          onClick={() => approve.mutate({ code, environments: [...environments] })}
        >
          Approve
        </Button>
        <Button tone="danger" disabled={isPending} onClick={() => deny.mutate({ code })}>
          Refuse
        </Button>
        <Button tone="bare" disabled={isPending} onClick={onBack}>
          Another code
        </Button>
      </div>
    </section>
  )
}

function End({ ended }: { readonly ended: Ended }) {
  return (
    <div role="status" className="flex items-start gap-3 rounded-md border border-line bg-panel p-4 text-sm">
      {ended === 'approved' && <CircleCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-good" />}
      <p className="text-pretty">
        {ended === 'approved' ? (
          <>
            Approved. Return to the terminal.{' '}
            <PageLink className={LINK} href="/tokens">
              API tokens
            </PageLink>{' '}
            lists it, and revokes it.
          </>
        ) : (
          'Refused. The command line gets nothing.'
        )}
      </p>
    </div>
  )
}
