import { inSentence } from '~/domain/foreign-text'
import { ShownOnce } from '~/ui/primitives/shown-once'

export interface MadeToken {
  readonly label: string
  readonly secret: string
}

const WARNING =
  'Copy it now: this is the only time it is shown. Whoever has it can do what it may do; keep it in a secret store.'

export function NewToken({ made, onDone }: { readonly made: MadeToken; readonly onDone: () => void }) {
  const title = `The token “${inSentence(made.label)}” is made`
  return <ShownOnce title={title} warning={WARNING} label="The new token" secret={made.secret} onDone={onDone} />
}
