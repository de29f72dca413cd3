import { statusWord } from '~/domain/deploy/status'
import { refLabel, shortSha } from '~/domain/ref'
import { type Day, type DayEntries, dayWords, inBothZones, stretchWords } from '~/ui/calendar/calendar-days'
import { KindMark } from '~/ui/calendar/month-grid'
import { EFFECT_WORDS, scopeWords } from '~/ui/freezes/freeze-words'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { OutcomeMark } from '~/ui/status/marks'
import { outcomeOf } from '~/ui/status/status-words'

interface DayAgendaProps {
  readonly day: Day
  /** Null: not read. */
  readonly entries: DayEntries | null
  /** What is said of a day that shows nothing. */
  readonly empty: string
  readonly zone: string
}

/** Everything of one day. Times are in the reader's zone and in UTC, each named. */
export function DayAgenda({ day, entries, empty, zone }: DayAgendaProps) {
  const id = `day-${day.date}`
  const { freezes, deploys } = entries ?? { freezes: [], deploys: [] }
  return (
    <section aria-labelledby={id} className="mt-4">
      <h3 id={id} className="mb-1.5 text-sm font-semibold">
        {dayWords(day)}
      </h3>
      {freezes.length + deploys.length === 0 ? (
        <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">{empty}</p>
      ) : (
        <ul className="rounded-md border border-line bg-panel">
          {freezes.map((freeze) => (
            <li
              key={`${freeze.freezeId} ${freeze.start}`}
              data-freeze={freeze.freezeId}
              className="grid gap-x-4 border-line px-4 py-2 text-sm not-first:border-t md:grid-cols-[23rem_minmax(0,1fr)]"
            >
              <Times lines={inBothZones((timeZone) => stretchWords(freeze, day.date, timeZone), zone)} />
              <div className="min-w-0">
                <p className="flex items-center gap-1.5">
                  <span className={freeze.lifted || freeze.kind === 'allow' ? 'text-ink-faint' : 'text-warn'}>
                    <KindMark kind={freeze.kind} />
                  </span>
                  <span>
                    <span className="font-medium">{scopeWords(freeze)}</span>
                    <span className="text-ink-soft">, {EFFECT_WORDS[freeze.kind]}</span>
                    {freeze.lifted && <span className="text-ink-faint">, lifted</span>}
                  </span>
                </p>
                <p className="break-words text-ink-soft">
                  “<ForeignText text={freeze.reason} whole />” · <ForeignText text={freeze.by} />
                  {freeze.rollbacksPass && ' · rollbacks pass'}
                </p>
              </div>
            </li>
          ))}
          {deploys.map((deploy) => (
            <li
              key={deploy.id}
              data-deploy={deploy.id}
              className="grid gap-x-4 border-line px-4 py-2 text-sm not-first:border-t md:grid-cols-[23rem_minmax(0,1fr)]"
            >
              <Times lines={inBothZones((timeZone) => deployTime(deploy.requestedAt, timeZone), zone)} />
              <p className="flex min-w-0 flex-wrap items-center gap-x-1.5">
                <OutcomeMark outcome={outcomeOf(deploy.status)} />
                <PageLink href={`/deploys/${deploy.id}`} className={`font-medium ${LINK}`}>
                  <ForeignText text={deploy.surface.name} />, <ForeignText text={deploy.surface.environment} />
                </PageLink>
                <span>{statusWord(deploy.status)}</span>
                <span className="min-w-0 text-ink-soft">
                  <ForeignText text={deploy.ref === deploy.sha ? shortSha(deploy.ref) : refLabel(deploy.ref)} /> ·{' '}
                  <ForeignText text={deploy.requestedBy} />
                </span>
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const deployTime = (at: string, timeZone: string) =>
  new Date(at).toLocaleTimeString('sv-SE', { timeZone, hour: '2-digit', minute: '2-digit' })

function Times({ lines }: { readonly lines: readonly string[] }) {
  return (
    <p className="tabular-nums">
      {lines.map((line, index) => (
        <span key={line} className={`block ${index === 0 ? '' : 'text-xs text-ink-faint'}`}>
          {line}
        </span>
      ))}
    </p>
  )
}
