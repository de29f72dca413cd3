/**
 * Text from outside, such as a branch name or a log line, can hold invisible characters: controls, characters that change the
 * direction of the text (UAX 9), characters that Unicode says to ignore, and noncharacters, which no XML may hold. Each is replaced by a visible one
 * here.
 */
const UNSEEN = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]`

/** Scripts whose letters take other forms next to a joiner (Unicode 16, 23.2, "Cursive Connection and Ligatures"). */
const JOINING = ['Arab', 'Syrc', 'Nkoo', 'Mong', 'Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym']
  .concat(['Sinh', 'Khmr', 'Mymr', 'Tibt'])
  .map((script) => String.raw`\p{Script=${script}}`)
  .join('')

/** Sequences in which an invisible character shapes a visible one. They are kept. */
const EMOJI = String.raw`\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?`
const KEPT = [
  String.raw`${EMOJI}(?:\u200D${EMOJI})+`,
  String.raw`\u{1F3F4}(?:\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073}))\u{E007F}`,
  String.raw`\p{Emoji}[\uFE0E\uFE0F]`,
  String.raw`\p{Script=Han}[\uFE00-\uFE02\u{E0100}-\u{E01EF}]`,
  String.raw`(?!${UNSEEN})[${JOINING}][\u200C\u200D](?=[${JOINING}])(?!${UNSEEN})`,
].join('|')

const KEPT_OR_UNSEEN = new RegExp(`(${KEPT})|${UNSEEN}`, 'gu')

/** What `inSentence` puts around a name. Nothing inside affects the text outside. */
const ISOLATED = /\u2068([^\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]*)\u2069/gu
const FIRST_STRONG_ISOLATE = '\u2068'
const POP_ISOLATE = '\u2069'

/** Letters that run from right to left, by the blocks Unicode reserves for them. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

/** Their names in ASCII. Many fonts lack Unicode's pictures of them. */
const CONTROLS =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )
const DELETE = 0x7f

/** `⟨ESC⟩` for a control of ASCII, `⟨U+202E⟩` for any other character. */
function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const control = code === DELETE ? 'DEL' : CONTROLS[code]
  return `⟨${control ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}⟩`
}

/** The text with each invisible character replaced. Emoji and scripts that need joiners are kept. */
export const visible = (text: string): string =>
  text.replace(KEPT_OR_UNSEEN, (found: string, kept: string | undefined) => kept ?? standIn(found))

/** Whether the text has no invisible character. */
export const isVisible = (text: string): boolean => visible(text) === text

/** The same for a sentence of the console that holds names from outside. Its line breaks and isolated names are kept. */
export function visibleSentence(sentence: string): string {
  return sentence
    .split('\n')
    .map((line) => line.split(ISOLATED).map(visibleBetween).join(''))
    .join('\n')
}

/** `split` gives the text between isolates at even places, and the text inside them at odd ones. */
const visibleBetween = (part: string, index: number): string =>
  index % 2 === 0 ? visible(part) : `${FIRST_STRONG_ISOLATE}${visible(part)}${POP_ISOLATE}`

/**
 * The text as part of a sentence: nothing in it can change the words around it. Text that runs from right to left is isolated, so that
 * the sentence does not follow its direction.
 */
export function inSentence(text: string): string {
  const shown = visible(text)
  return RIGHT_TO_LEFT.test(shown) ? `${FIRST_STRONG_ISOLATE}${shown}${POP_ISOLATE}` : shown
}

/** The text at the beginning of a sentence. */
export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** An address may hold a password or, in its query, a token. */
export function withoutCredentials(address: string): string {
  const url = new URL(address)
  if (url.username + url.password + url.search === '') return address
  const hidden = '(not shown)'
  const account = url.username === '' && url.password === '' ? '' : `${hidden}@`
  const query = url.search === '' ? '' : `?${hidden}`
  return `${url.protocol}//${account}${url.host}${url.pathname}${query}${url.hash}`
}
