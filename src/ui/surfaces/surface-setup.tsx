'use client'

import { CircleCheck, CircleHelp, CircleX } from 'lucide-react'
import type { SetupLine } from '~/domain/surface/setup'
import { Button } from '~/ui/primitives/button'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** What one surface needs before its first deploy, and what was found. */
export function SurfaceSetup({ surfaceId }: { readonly surfaceId: string }) {
  const check = trpc.surfaces.check.useQuery({ surfaceId }, { retry: false, refetchOnWindowFocus: false, staleTime: 0 })
  const surface = check.data?.surface
  return (
    <PageFrame
      title={
        <>
          Setup of <ForeignText text={surface?.name ?? surfaceId} />{' '}
          {surface !== undefined && (
            <span className="text-sm font-normal tracking-normal text-ink-faint">
              <ForeignText text={surface.environment} /> ·{' '}
              <span className="font-mono text-[0.8125rem]">{surface.id}</span>
            </span>
          )}
        </>
      }
      aside={
        <p className="flex items-center gap-4 text-sm">
          <PageLink href={`/surfaces/${encodeURIComponent(surfaceId)}`} className={`text-ink-soft ${LINK}`}>
            Deploys
          </PageLink>
          <Button onClick={() => void check.refetch()} disabled={check.isFetching}>
            {check.isFetching ? 'Checking…' : 'Check again'}
          </Button>
        </p>
      }
    >
      {check.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(check.error).message}
        </Notice>
      )}
      {check.isPending && <RowsSkeleton what="the setup" />}
      {check.data !== undefined && !check.isError && (
        <>
          <p role="status" className="mb-3 text-ink-soft">
            {summary(check.data.lines)}
          </p>
          <ul className="divide-y divide-line rounded-md border border-line bg-panel">
            {check.data.lines.map((line) => (
              <Line key={`${line.about} ${line.found}`} line={line} />
            ))}
          </ul>
        </>
      )}
    </PageFrame>
  )
}

function summary(lines: readonly SetupLine[]): string {
  const count = (state: SetupLine['state']) => lines.filter((line) => line.state === state).length
  const [broken, unknown] = [count('broken'), count('unknown')]
  if (broken > 0) return broken === 1 ? 'One thing has to be corrected.' : `${broken} things have to be corrected.`
  return unknown === 0
    ? 'Everything that can be checked is in order.'
    : 'Nothing is broken. Not everything can be checked.'
}

const MARKS = {
  ok: { Icon: CircleCheck, tone: 'text-good', word: 'In order' },
  broken: { Icon: CircleX, tone: 'text-bad', word: 'Broken' },
  unknown: { Icon: CircleHelp, tone: 'text-ink-faint', word: 'Unknown' },
} as const satisfies Record<SetupLine['state'], unknown>

function Line({ line: { about, state, found, fix } }: { readonly line: SetupLine }) {
  const { Icon, tone, word } = MARKS[state]
  return (
    <li data-state={state} className="flex gap-3 px-4 py-3">
      <Icon aria-label={word} className={`mt-0.5 size-4 shrink-0 ${tone}`} />
      <div className="min-w-0">
        <p className="text-sm font-medium">{about}</p>
        <p className="text-sm break-words text-ink-soft">
          <Sentence text={found} />
        </p>
        {fix !== null && <p className="mt-0.5 text-sm break-words">{fix}</p>}
      </div>
    </li>
  )
}
