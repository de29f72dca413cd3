import { Fragment } from 'react'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface InputListProps {
  readonly inputs: readonly { readonly name: string; readonly value: string }[]
}

/** Inputs of a workflow, by name. */
export function InputList({ inputs }: InputListProps) {
  if (inputs.length === 0) return null
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 font-mono text-xs leading-5">
      {inputs.map(({ name, value }) => (
        <Fragment key={name}>
          <dt className="text-ink-faint">
            <ForeignText text={name} />
          </dt>
          <dd className="break-all text-ink-soft">{value === '' ? '(empty)' : <ForeignText text={value} whole />}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
