import type { AUDIT_FILTER_NAMES, AuditFacets } from '~/domain/audit/trail'
import type { FilterText } from '~/domain/filter-text'
import { FilterChoice, FilterDay } from '~/ui/filters/filter-fields'
import { Button } from '~/ui/primitives/button'

type FilterName = (typeof AUDIT_FILTER_NAMES)[number]

interface AuditFiltersProps {
  readonly filter: FilterText<FilterName>
  readonly facets: AuditFacets | undefined
  readonly onChange: (name: FilterName, value: string) => void
  readonly onClear: () => void
}

export function AuditFilters({ filter, facets, onChange, onClear }: AuditFiltersProps) {
  const choose = (name: 'action' | 'actor' | 'surface', label: string, values: readonly string[] = []) => (
    <FilterChoice
      label={label}
      value={filter[name] ?? ''}
      options={values.map((value) => ({ value }))}
      onChange={(value) => onChange(name, value)}
    />
  )
  return (
    <search aria-label="Filter the audit trail" className="mb-4 flex flex-wrap items-end gap-x-3 gap-y-2 print:hidden">
      {choose('action', 'Action', facets?.actions)}
      {choose('actor', 'Actor', facets?.actors)}
      {choose('surface', 'Surface', facets?.surfaces)}
      <FilterDay label="From (UTC)" value={filter.from ?? ''} onChange={(value) => onChange('from', value)} />
      <FilterDay label="To (UTC)" value={filter.to ?? ''} onChange={(value) => onChange('to', value)} />
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
