import { z } from 'zod'

const advisory = z.object({ title: z.string(), url: z.string(), severity: z.string(), name: z.string() })
const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ name: z.string(), severity: z.string(), via: z.array(z.union([z.string(), advisory])) }),
  ),
  metadata: z.object({ dependencies: z.object({ total: z.int().positive() }) }),
})

export type Verdict =
  | { readonly kind: 'clean'; readonly lines: readonly string[] }
  | { readonly kind: 'found'; readonly lines: readonly string[] }
  /** The registry was not asked or did not answer, which says nothing about the packages. */
  | { readonly kind: 'not audited'; readonly lines: readonly string[] }

/**
 * Judges the output of `npm audit --json`. It is clean only if the registry answered for at least one package and each finding is
 * explained: `explained` says by advisory (the last part of its address) why it does not affect the console.
 */
export function judgeAudit(printed: string, explained: Readonly<Record<string, string>>): Verdict {
  const parsed = report.safeParse(parseOrNull(printed))
  if (!parsed.success) return { kind: 'not audited', lines: [firstWordsOf(printed)] }
  const { vulnerabilities, metadata } = parsed.data
  const vulnerable = Object.values(vulnerabilities)
  const found = vulnerable.flatMap(({ via }) => via.filter((one) => typeof one !== 'string'))
  // A package is also listed for its dependencies; the advisory itself is then listed with the dependency.
  if (vulnerable.length > 0 && found.length === 0) {
    return { kind: 'found', lines: vulnerable.map(({ name, severity }) => `${severity}: ${name}, without an advisory`) }
  }
  const lines = found.map(({ name, severity, title, url }) => {
    const why = explained[idOf(url)]
    return { why, line: `${severity}: ${name}: ${title} (${url})${why === undefined ? '' : `. Explained: ${why}`}` }
  })
  const counted = `${metadata.dependencies.total} packages audited, ${found.length} advisories`
  const kind = lines.some(({ why }) => why === undefined) ? 'found' : 'clean'
  return { kind, lines: [...new Set(lines.map(({ line }) => line)), counted] }
}

const idOf = (url: string) => url.split('/').at(-1) ?? url

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const message = z.object({ message: z.string() })
const firstWordsOf = (printed: string): string =>
  message.safeParse(parseOrNull(printed)).data?.message ?? (printed.trim().slice(0, 300) || 'npm printed nothing')
