import { inSentence } from '~/domain/foreign-text'
import { findMember, type VersionSource } from '~/domain/surface/version'

/** An answer in which no version was found. */
export interface AnswerWithoutVersion {
  readonly status: number
  readonly contentType: string
  /** The body as JSON; undefined if it is not JSON. */
  readonly body: unknown
}

/** At most this many members of an answer are named. */
const NAMED_MEMBERS = 12
const SHOWN_TEXT = 60

/** Says why an answer reports no version, and what would help. `answer: null`: there was none. */
export function explainMissingVersion(
  where: string,
  source: VersionSource | null,
  answer: AnswerWithoutVersion | null,
): { readonly found: string; readonly fix: string } {
  const fix = 'Answer `{"version": "<commit SHA>"}`, or declare `version` in surfaces.yaml.'
  const found = (text: string) => `${text}, so a deploy cannot be compared with what runs.`
  if (answer === null) return { found: found(`${where} does not answer`), fix: 'Correct the address.' }
  if (source?.url != null && (answer.status < 200 || answer.status > 299)) {
    return { found: found(`${where} answers HTTP ${answer.status}`), fix: 'Correct `version.url` in surfaces.yaml.' }
  }
  if (source?.in === 'header') {
    return {
      found: found(`The answer of ${where} has no header ${inSentence(source.at)}`),
      fix: 'Correct `version.header` in surfaces.yaml.',
    }
  }
  if (source?.in === 'text') {
    return {
      found: found(`The regular expression finds nothing in the answer of ${where}`),
      fix: 'Correct `version.text` in surfaces.yaml.',
    }
  }
  if (answer.body === undefined) {
    const type = answer.contentType.split(';', 1)[0]?.trim() ?? ''
    const kind = type === '' ? 'something' : inSentence(type.slice(0, SHOWN_TEXT))
    return { found: found(`${where} answers with ${kind}, which is not JSON`), fix }
  }
  return {
    found: found(`${memberProblem(source?.at ?? 'version', answer.body)} in the answer of ${where}`),
    fix: source === null ? fix : 'Correct `version.json` in surfaces.yaml.',
  }
}

function memberProblem(path: string, body: unknown): string {
  const member = findMember(body, path)
  if ('missing' in member) {
    const place = member.walked.length === 0 ? '' : ` in ${inSentence(member.walked.join('.'))}`
    return `There is no member ${inSentence(member.missing)}${place}${membersOf(member.of)}`
  }
  return typeof member.value === 'string'
    ? `The member ${inSentence(path)} is ${inSentence(JSON.stringify(member.value.slice(0, SHOWN_TEXT)))}, which is not a commit in full,`
    : `The member ${inSentence(path)} is not a text`
}

function membersOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const names = Object.keys(value).slice(0, NAMED_MEMBERS)
  return names.length === 0
    ? ''
    : ` (there are ${names.map((name) => inSentence(name.slice(0, SHOWN_TEXT))).join(', ')})`
}
