import 'server-only'
import type { Logger } from '~/server/platform/logger'

/**
 * One record of RFC 4180. Exports contain text by workflows and operators, which a spreadsheet must not run: what starts like a
 * formula gets a leading apostrophe (OWASP, "CSV Injection"). A spreadsheet that separates by semicolons or tabs does not see the
 * quotes of a field, so a start after each of them counts too.
 */
export function csvRecord(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => csvField(field ?? '')).join(',')}\r\n`
}

/** What a spreadsheet runs at the start of a cell. It may skip spaces and quotes before it. */
const FORMULA = String.raw`(?:[^\S\t\r\n]|")*[=+\-@＝＋－＠]`
const FORMULA_AT_START = new RegExp(`^(?:[\\t\\r\\n]|${FORMULA})`)
const FORMULA_INSIDE = new RegExp(`[;\\t\\r\\n](?=${FORMULA})`, 'g')

const PLAIN = /^[\p{L}\p{N} _.:/@+-]*$/u

function csvField(text: string): string {
  const harmless = (FORMULA_AT_START.test(text) ? `'${text}` : text).replaceAll(FORMULA_INSIDE, "$&'")
  return PLAIN.test(harmless) ? harmless : `"${harmless.replaceAll('"', '""')}"`
}

/** `json`: a value that CSV writes as JSON. */
type Value = string | null | { readonly json: unknown }

const jsonOf = (value: Value | undefined): unknown => (typeof value === 'object' ? (value?.json ?? null) : value)

interface Format {
  readonly contentType: string
  readonly head: (columns: readonly string[]) => string
  readonly foot: string
  readonly row: (columns: readonly string[], values: readonly Value[], first: boolean) => string
}

const FORMATS = {
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: csvRecord,
    foot: '',
    row: (_, values) =>
      csvRecord(values.map((value) => (typeof value === 'string' ? value : value && JSON.stringify(value.json)))),
  },
  json: {
    contentType: 'application/json; charset=utf-8',
    head: () => '[',
    foot: '\n]\n',
    row: (columns, values, first) => {
      const members = Object.fromEntries(columns.map((name, index) => [name, jsonOf(values[index])]))
      return `${first ? '' : ','}\n${JSON.stringify(members)}`
    },
  },
} as const satisfies Record<string, Format>

interface Page<Row> {
  readonly rows: readonly Row[]
  readonly nextCursor: string | null
}

interface Export<Row> {
  /** The first part of the file's name. */
  readonly name: string
  readonly format: keyof typeof FORMATS
  readonly columns: readonly string[]
  /** The values of the columns. */
  readonly valuesOf: (row: Row) => readonly Value[]
  readonly readPage: (cursor: string | null) => Promise<Page<Row>>
}

interface Pages<Row> {
  /** What is read, for the log. */
  readonly name: string
  readonly textOf: (rows: readonly Row[], place: { readonly first: boolean; readonly last: boolean }) => string
  readonly readPage: (cursor: string | null) => Promise<Page<Row>>
}

/**
 * Pages as one stream of text. Each page is read when the client has received the one before, so one page is in memory. An error
 * closes the connection, so that a partial file cannot pass for a complete one. The first page is read before the response starts,
 * so that an unavailable database is answered with a problem document.
 */
export async function streamPages<Row>(
  deps: { readonly logger: Logger },
  { name, textOf, readPage }: Pages<Row>,
): Promise<ReadableStream<Uint8Array>> {
  let page: Page<Row> | null = await readPage(null)
  let first = true
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (page === null) return controller.close()
        const last = page.nextCursor === null
        controller.enqueue(encoder.encode(textOf(page.rows, { first, last })))
        first = false
        try {
          page = last ? null : await readPage(page.nextCursor)
        } catch (error) {
          deps.logger.error({ err: error, export: name }, 'An export failed; the connection was closed')
          throw error
        }
      },
    },
    { highWaterMark: 0 },
  )
}

/** A list as a download, in pages. */
export async function streamExport<Row>(
  deps: { readonly now: () => Date; readonly logger: Logger },
  { name, format, columns, valuesOf, readPage }: Export<Row>,
): Promise<Response> {
  const { contentType, head, foot, row } = FORMATS[format]
  let hasRows = false
  const stream = await streamPages(deps, {
    name,
    readPage,
    textOf: (rows: readonly Row[], { first, last }) => {
      const lines = rows.map((one, index) => row(columns, valuesOf(one), !hasRows && index === 0))
      hasRows ||= lines.length > 0
      return `${first ? head(columns) : ''}${lines.join('')}${last ? foot : ''}`
    },
  })
  const stamp = deps.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return new Response(stream, {
    headers: {
      'content-type': contentType,
      'content-disposition': `attachment; filename="${name}-${stamp}Z.${format}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
