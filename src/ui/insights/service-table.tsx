import { Fragment } from 'react'
import type { MeasureSums, Part, ServiceSums } from '~/domain/insights'
import type { Scope } from '~/ui/insights/insight-words'
import { Deploys, type MeasureLook } from '~/ui/insights/measure-card'
import { measureLooks } from '~/ui/insights/measure-looks'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface ServiceTableProps {
  readonly services: readonly ServiceSums[]
  readonly part: Part
}

const HEAD = 'px-4 py-2 text-xs font-medium text-ink-faint'
const CELL = 'px-4 py-2 tabular-nums max-sm:flex max-sm:justify-between max-sm:gap-4 max-sm:py-0.5'

/** The four measures of each surface, and of each service of several surfaces. */
export function ServiceTable({ services, part }: ServiceTableProps) {
  if (services.length === 0) return null
  return (
    <section aria-labelledby="services" className="mt-6">
      <h2 id="services" className="mb-2.5 text-sm font-semibold">
        By service and surface
      </h2>
      <div className="overflow-hidden rounded-md border border-line bg-panel">
        <table className="w-full border-collapse text-sm max-sm:block">
          <caption className="sr-only">The four measures by service and surface</caption>
          <thead className="max-sm:sr-only">
            <tr>
              <th scope="col" className={`${HEAD} text-left`}>
                Surface
              </th>
              {columnsOver(1).map(({ id, heading }) => (
                <th key={id} scope="col" className={`${HEAD} text-right`}>
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="max-sm:block">
            {services.map((service) => (
              <Fragment key={service.id}>
                {service.surfaces.length > 1 && (
                  <Row
                    name={service.name}
                    note={`service of ${service.surfaces.length} surfaces`}
                    sums={service}
                    part={part}
                    scope={{ service: service.id }}
                  />
                )}
                {service.surfaces.map((surface) => (
                  <Row
                    key={surface.id}
                    name={surface.name}
                    note={surface.archived ? `${surface.id} · archived` : surface.id}
                    isPart={service.surfaces.length > 1}
                    sums={surface}
                    part={part}
                    scope={{ surface: surface.id }}
                  />
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** Each row has its own first deploy. */
const columnsOver = (recordedDays: number): readonly MeasureLook[] => {
  const { frequency, leadTime, failureRate, restoreTime } = measureLooks(recordedDays)
  return [frequency, leadTime, failureRate, restoreTime]
}

interface RowProps {
  readonly name: string
  readonly note: string
  /** Whether the row above sums it up with others. */
  readonly isPart?: boolean
  readonly sums: MeasureSums & { readonly recordedDays: number }
  readonly part: Part
  readonly scope: Scope
}

function Row({ name, note, isPart = false, sums, part, scope }: RowProps) {
  return (
    <tr className="border-t border-line first:border-t-0 max-sm:block max-sm:py-2 sm:first:border-t">
      <th
        scope="row"
        className={`px-4 py-2 text-left font-medium wrap-anywhere max-sm:block max-sm:py-0.5 ${isPart ? 'sm:pl-8' : ''}`}
      >
        <ForeignText text={name} />{' '}
        <span className="font-normal text-ink-faint">
          <ForeignText text={note} />
        </span>
      </th>
      {columnsOver(sums.recordedDays).map((look) => {
        const { text, isValue } = look.figure(sums)
        const count = sums.counts[look.counted]
        return (
          <td key={look.id} className={`${CELL} text-right`}>
            <span className="text-ink-soft sm:hidden">{look.heading}</span>
            <span>
              {isValue && <span className="mr-2">{text}</span>}
              <span className="text-ink-soft">
                <Deploys measure={look.counted} part={part} scope={scope} count={count} />
                {look.of !== undefined && ` of ${sums.counts[look.of.measure].toLocaleString('en-US')}`}
              </span>
            </span>
          </td>
        )
      })}
    </tr>
  )
}
