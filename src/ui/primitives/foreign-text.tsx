import { visible, visibleSentence } from '~/domain/foreign-text'

/** More of a name is in its title. */
const LIMIT = 200

interface ForeignTextProps {
  readonly text: string
  /** All of it, however long: of a reason the end matters too. */
  readonly whole?: boolean
}

/**
 * Text that others wrote: names, refs, messages, reasons. It keeps its direction to itself, shows what cannot be seen by stand-ins,
 * and is copied as it was written (`useRawCopy`).
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

/** A sentence of the server's, which may name what others chose. */
export function Sentence({ text }: { readonly text: string }) {
  return <bdi>{visibleSentence(text)}</bdi>
}

function clipped(text: string, limit: number): string {
  if (text.length <= limit) return text
  const characters = [...text]
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`
}
