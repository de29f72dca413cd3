import type { Flow } from '~/ui/deploy-modal/new-deploy/flow'

const STEPS = [
  { step: 'choose', label: 'Choose' },
  { step: 'review', label: 'Review' },
  { step: 'confirm', label: 'Confirm' },
] as const

/** Where one is on the way to a deploy. */
export function FlowSteps({ step }: { readonly step: Flow['step'] }) {
  return (
    <ol aria-label="Steps" className="mt-1 flex items-center gap-1.5 text-xs text-ink-faint">
      {STEPS.map((entry, index) => (
        <li
          key={entry.step}
          aria-current={entry.step === step ? 'step' : undefined}
          className={entry.step === step ? 'font-medium text-ink' : ''}
        >
          {index > 0 && (
            <span aria-hidden="true" className="mr-1.5 font-normal text-ink-faint">
              /
            </span>
          )}
          {entry.label}
        </li>
      ))}
    </ol>
  )
}
