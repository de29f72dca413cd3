import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = path.resolve(import.meta.dirname, '../../../docs/adr')
const textOf = (page: string) => readFileSync(path.join(folder, page), 'utf8')
const pages = readdirSync(folder).filter((page) => page !== 'README.md')

const LINK = String.raw`\[\d{3}\]\(\d{3}-[a-z0-9-]+\.md\)`
const STATUS = new RegExp(
  String.raw`^(accepted|superseded by ${LINK}( and ${LINK})*)(; superseded in part by ${LINK} \([^()]+\))*(; supersedes( and|, in part,|, and, in part,| ${LINK})*)?$`,
)

const statusOf = (page: string) => /^Status: (.+)$/m.exec(textOf(page))?.[1] ?? ''
const namedAfter = (page: string, verb: RegExp): string[] =>
  statusOf(page)
    .split(';')
    .filter((clause) => verb.test(clause))
    .flatMap((clause) => [...clause.matchAll(/\((\d{3}-[a-z0-9-]+\.md)\)/g)].map(([, target = '']) => target))

describe.each(pages)('docs/adr/%s', (page) => {
  it('starts with its number, title, date and status', () => {
    const number = page.slice(0, 3)
    expect(page).toMatch(/^\d{3}-[a-z0-9-]+\.md$/)
    expect(textOf(page)).toMatch(
      new RegExp(`^# ${number}: .+\n\nDate: \\d{4}-\\d{2}-\\d{2}\nStatus: .+\n\n## Context\n`),
    )
    expect(statusOf(page)).toMatch(STATUS)
  })

  it('has the sections Context, Decision and Consequences, and at most Considered after them', () => {
    const sections = [...textOf(page).matchAll(/^## (.+)$/gm)].map(([, section]) => section)
    expect(['Context Decision Consequences', 'Context Decision Consequences Considered']).toContain(sections.join(' '))
  })

  it('is one page: at most 80 lines', () => {
    expect(textOf(page).split('\n').length).toBeLessThanOrEqual(80)
  })

  it('names only decisions that name it too', () => {
    const superseding = namedAfter(page, /superseded/)
    const superseded = namedAfter(page, /supersedes/)
    expect(superseding.filter((other) => !namedAfter(other, /supersedes/).includes(page))).toEqual([])
    expect(superseded.filter((other) => !namedAfter(other, /superseded/).includes(page))).toEqual([])
  })

  it('is listed in docs/adr/README.md with its title and its successors', () => {
    const title = /^# \d{3}: (.+)$/m.exec(textOf(page))?.[1]
    const row = textOf('README.md')
      .split('\n')
      .find((line) => line.startsWith(`| [${page.slice(0, 3)}](${page}) | ${title} | `))
    expect(row).toBeDefined()
    for (const other of namedAfter(page, /superseded/)) expect(row).toContain(other)
  })
})

it('every decision has its own number', () => {
  const numbers = pages.map((page) => page.slice(0, 3))
  expect(new Set(numbers).size).toBe(numbers.length)
})
