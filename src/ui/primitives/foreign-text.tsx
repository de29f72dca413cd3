import { visible, visibleSentence } from '~/domain/foreign-text'

/** A longer name is cut; its title has the whole. */
const LIMIT = 200

interface ForeignTextProps {
  readonly text: string
  /** Shows the whole text, such as a reason, however long. */
  readonly whole?: boolean
}

/**
 * Text that others wrote: names, refs, messages, reasons. Isolates the text direction, shows invisible characters as
 * placeholders, and copies the original text (`useRawCopy`).
 */
export function ForeignText({ text, whole = false }: ForeignTextProps) {
  const all = visible(text)
  const shown = whole ? all : clipped(all, LIMIT)
  return (
    <bdi data-raw={shown === text ? undefined : text} title={shown === all ? undefined : all}>
      {shown}
    </bdi>
  )
}

/** A sentence from the server that may contain text that others wrote. */
export function Sentence({ text }: { readonly text: string }) {
  return <bdi>{visibleSentence(text)}</bdi>
}

function clipped(text: string, limit: number): string {
  if (text.length <= limit) return text
  const characters = [...text]
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`
}
