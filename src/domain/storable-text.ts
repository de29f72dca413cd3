import { z } from 'zod'

/** PostgreSQL can hold neither U+0000 in a text nor half of a surrogate pair in JSON. */
const UNPAIRED_SURROGATE = /\p{Cs}/gu

/** For what arrives as an event, and must not be lost: what cannot be stored keeps its place as a visible stand-in. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\u2400').replace(UNPAIRED_SURROGATE, '\uFFFD')
}

/** For what a person or a script asks, and can ask again: refused by name. */
export const storableText = z
  .string()
  .refine((text) => storable(text) === text, 'holds a character that cannot be stored (U+0000 or half a character)')
