import { useId } from 'react'
import type { AuditFacets } from '~/domain/audit/trail'
import { inSentence } from '~/domain/foreign-text'
import type { FilterName, FilterText } from '~/ui/audit/filter-address'
import { Button } from '~/ui/primitives/button'

const FIELD =
  'h-8 min-w-0 rounded-[5px] border border-control bg-panel px-2 text-sm text-ink any-pointer-coarse:text-base'

interface AuditFiltersProps {
  readonly filter: FilterText
  readonly facets: AuditFacets | undefined
  readonly onChange: (name: FilterName, value: string) => void
  readonly onClear: () => void
}

export function AuditFilters({ filter, facets, onChange, onClear }: AuditFiltersProps) {
  const choose = (name: 'action' | 'actor' | 'surface', label: string, values: readonly string[] = []) => (
    <Choice label={label} value={filter[name] ?? ''} values={values} onChange={(value) => onChange(name, value)} />
  )
  return (
    <search aria-label="Filter the audit trail" className="mb-4 flex flex-wrap items-end gap-x-3 gap-y-2">
      {choose('action', 'Action', facets?.actions)}
      {choose('actor', 'Actor', facets?.actors)}
      {choose('surface', 'Surface', facets?.surfaces)}
      <Day label="From (UTC)" value={filter.from ?? ''} onChange={(value) => onChange('from', value)} />
      <Day label="To (UTC)" value={filter.to ?? ''} onChange={(value) => onChange('to', value)} />
      {filter.deploy !== undefined && (
        <p className="flex h-8 items-center text-sm text-ink-soft">
          Deploy&nbsp;<code className="font-mono text-[0.8125rem] text-ink">{filter.deploy.slice(-8)}</code>
        </p>
      )}
      {Object.keys(filter).length > 0 && (
        <Button tone="bare" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly values: readonly string[]
  readonly onChange: (value: string) => void
}

function Choice({ label, value, values, onChange }: ChoiceProps) {
  const id = useId()
  // Show the value from the link while the choices load, and if the value is not among them.
  const shown = value === '' || values.includes(value) ? values : [value, ...values]
  return (
    <div className="flex min-w-0 flex-col gap-1 max-sm:w-full">
      <label htmlFor={id} className="text-xs text-ink-faint">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${FIELD} sm:max-w-64`}
      >
        <option value="">Any</option>
        {shown.map((name) => (
          <option key={name} value={name}>
            {inSentence(name)}
          </option>
        ))}
      </select>
    </div>
  )
}

function Day({ label, value, onChange }: Omit<ChoiceProps, 'values'>) {
  const id = useId()
  return (
    <div className="flex min-w-0 flex-col gap-1 max-sm:flex-1">
      <label htmlFor={id} className="text-xs text-ink-faint">
        {label}
      </label>
      <input
        id={id}
        type="date"
        value={value.slice(0, 10)}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </div>
  )
}
