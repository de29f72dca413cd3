'use client'

import type { ReactNode } from 'react'
import { FEWEST, type Insights, type Part, PERIODS, type Period } from '~/domain/insights'
import { useFilter } from '~/ui/filters/filter-address'
import { FilterChoice } from '~/ui/filters/filter-fields'
import { type Scope, utcDayWords } from '~/ui/insights/insight-words'
import { Deploys, MeasureCard } from '~/ui/insights/measure-card'
import { measureLooks } from '~/ui/insights/measure-looks'
import { ServiceTable } from '~/ui/insights/service-table'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const FILTERS = ['days', 'surface', 'service'] as const
/** The page sums up long periods, so it does not follow every change. */
const POLL_MS = 60_000

/** The four measures of DORA, from the console's own record. */
export function InsightsPage() {
  const { filter, change } = useFilter(FILTERS)
  const days = PERIODS.find((period) => String(period) === filter.days) ?? 30
  const scope = { surface: filter.surface, service: filter.service }
  const query = trpc.insights.read.useQuery(
    { days, ...scope },
    { refetchInterval: POLL_MS, placeholderData: (before) => before },
  )
  const { data: insights } = query
  return (
    <PageFrame title="Insights">
      <search aria-label="Choose what is measured" className="mb-4 flex flex-wrap items-end gap-x-3 gap-y-2">
        <PeriodChoice days={days} onChoose={(chosen) => change('days', String(chosen))} />
        <FilterChoice
          label="Surface"
          value={filter.surface ?? ''}
          options={asOptions(insights?.choices.surfaces)}
          onChange={(value) => change('surface', value)}
        />
        {((insights?.choices.services.length ?? 0) > 0 || filter.service !== undefined) && (
          <FilterChoice
            label="Service"
            value={filter.service ?? ''}
            options={asOptions(insights?.choices.services)}
            onChange={(value) => change('service', value)}
          />
        )}
      </search>
      {query.isError && insights === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(query.error).message}
        </Notice>
      ) : insights === undefined ? (
        <Loading />
      ) : (
        <StoppedClock of={query}>
          {query.isRefetchError && <ConnectionNotice error={query.error} updatedAt={query.dataUpdatedAt} />}
          <Measures insights={insights} days={days} scope={scope} />
        </StoppedClock>
      )}
    </PageFrame>
  )
}

const asOptions = (choices: Insights['choices']['surfaces'] = []) =>
  choices.map(({ id, name }) => ({ value: id, words: id === name ? id : `${name} (${id})` }))

interface PeriodChoiceProps {
  readonly days: Period
  readonly onChoose: (days: Period) => void
}

function PeriodChoice({ days, onChoose }: PeriodChoiceProps) {
  return (
    <fieldset className="min-w-0 max-sm:w-full">
      <legend className="mb-1 text-xs text-ink-faint">Days until today (UTC)</legend>
      <div className="flex h-8 rounded-[5px] border border-control bg-well p-0.5">
        {PERIODS.map((period) => (
          <label
            key={period}
            className="relative flex min-w-11 flex-1 items-center justify-center rounded-[3px] px-2 text-sm text-ink-soft tabular-nums hover:text-ink has-checked:bg-panel has-checked:font-medium has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="days"
              checked={period === days}
              onChange={() => onChoose(period)}
              className="absolute inset-0 size-full cursor-pointer appearance-none"
            />
            {period}
            <span className="sr-only"> days</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Loading() {
  return (
    <div aria-busy="true" className="grid gap-3 sm:grid-cols-2">
      <p className="sr-only">Loading the measures</p>
      {Array.from({ length: 4 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all alike
        <Skeleton key={index} className="h-64 w-full" />
      ))}
    </div>
  )
}

interface MeasuresProps {
  readonly insights: Insights
  readonly days: Period
  readonly scope: Scope
}

function Measures({ insights, days, scope }: MeasuresProps) {
  const { total, parts, recordedFrom, services } = insights
  const looks = measureLooks(total.recordedDays)
  const shown = { insights, days, scope }
  const whole: Part = { from: insights.from, to: parts.at(-1)?.to ?? insights.from }
  return (
    <>
      {recordedFrom !== null && (
        <p className="mb-3 text-sm text-ink-soft">
          The first of these deploys on record is of {utcDayWords(recordedFrom)} (UTC). The frequency is counted from
          there.
        </p>
      )}
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <MeasureCard look={looks.frequency} {...shown} />
        <MeasureCard look={looks.leadTime} {...shown} />
        <MeasureCard look={looks.failureRate} {...shown} />
        <MeasureCard look={looks.restoreTime} {...shown}>
          {total.counts.unrestored > 0 && (
            <>
              , <Deploys measure="unrestored" part={whole} scope={scope} count={total.counts.unrestored} /> after which
              no later deploy succeeded
            </>
          )}
        </MeasureCard>
      </div>
      <NotCounted insights={insights} part={whole} scope={scope} />
      <ServiceTable services={services} part={whole} />
      <Definitions />
    </>
  )
}

function NotCounted({
  insights,
  part,
  scope,
}: {
  readonly insights: Insights
  readonly part: Part
  readonly scope: Scope
}) {
  const { counts } = insights.total
  const reasons = [
    {
      measure: 'shipping_unknown',
      noun: 'deploy',
      why: 'ended without proof of whether the new version was shipped. No figure counts such a deploy.',
    },
    {
      measure: 'lead_unknown',
      noun: 'change',
      why: 'without a lead time: GitHub did not report the time of the commit, or reported one after the request. Deploys from before the console recorded these times are included.',
    },
    {
      measure: 'failure_unknown',
      noun: 'change',
      why: 'shipped without a record of whether it failed: the deploy ended without success but not at the health check, or a deploy that may have shipped lies between the change and a rollback. The rate leaves such a change out.',
    },
  ] as const
  const found = reasons.filter(({ measure }) => counts[measure] > 0)
  return (
    <section aria-labelledby="not-counted" className="mt-6">
      <h2 id="not-counted" className="mb-1.5 text-sm font-semibold">
        Not counted
      </h2>
      {found.length === 0 ? (
        <p className="text-sm text-ink-soft">
          No deploy to production in this period is left out for lack of evidence. A deploy that shipped nothing counts
          in no figure.
        </p>
      ) : (
        <ul className="flex max-w-prose flex-col gap-1 text-sm text-pretty text-ink-soft">
          {found.map(({ measure, noun, why }) => (
            <li key={measure}>
              <Deploys measure={measure} part={part} scope={scope} count={counts[measure]} noun={noun} /> {why}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const DEFINITIONS: readonly { readonly term: string; readonly meaning: ReactNode }[] = [
  {
    term: 'What is looked at',
    meaning: (
      <>
        Deploys of this console to the environment <code>production</code> that have ended, by the day of their request
        in UTC. Runs that ship without the console are not on its record.
      </>
    ),
  },
  {
    term: 'Deployment',
    meaning: 'A deploy that succeeded and is proven to have shipped. A rollback is a deployment too.',
  },
  {
    term: 'Deployment frequency',
    meaning:
      'Deployments divided by the time since the period began, or since the first deploy on record of the surface, service or selection if that is later; by one day at least.',
  },
  { term: 'Change', meaning: 'A deploy or promotion that is proven to have shipped. A rollback is not a change.' },
  {
    term: 'Lead time for changes',
    meaning:
      'From the time of the deployed commit, as its committer’s clock recorded it and GitHub tells it, until the deploy succeeded. Older commits that were shipped with it are not looked at, and a commit that the surface had shipped before is left out. The figure is the median.',
  },
  {
    term: 'Change failure rate',
    meaning:
      'The share of changes that failed. A change failed if its health check failed after it was shipped, or if the next deploy that was shipped to its surface is a rollback to another commit.',
  },
  {
    term: 'Time to restore',
    meaning:
      'From the failed health check, or from the request of the rollback, until the next deploy of the surface succeeded. The figure is the median.',
  },
  {
    term: 'Too few',
    meaning: `A median or a rate of fewer than ${FEWEST} is mostly chance. It is not shown, and the chart has a flat mark in its place.`,
  },
]

function Definitions() {
  return (
    <section aria-labelledby="definitions" className="mt-6">
      <h2 id="definitions" className="mb-1.5 text-sm font-semibold">
        Definitions
      </h2>
      <dl className="grid max-w-4xl gap-x-6 text-sm sm:grid-cols-[11rem_1fr]">
        {DEFINITIONS.map(({ term, meaning }) => (
          <div key={term} className="contents">
            <dt className="pt-1.5 font-medium">{term}</dt>
            <dd className="text-pretty text-ink-soft sm:pt-1.5">{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
