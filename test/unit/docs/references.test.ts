import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../..')
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)))
const pages = files.filter((file) => file.endsWith('.md'))
const sources = files.filter((file) => /\.(tsx?|mjs|sql|ya?ml|prisma|sh)$/.test(file))
const contentsOf = (file: string) => readFileSync(path.join(root, file), 'utf8')

const headingsOf = (file: string): string[] =>
  [
    ...contentsOf(file)
      .replaceAll(/^```.*?^```/gms, '')
      .matchAll(/^#+ +(.+)$/gm),
  ].map(([, heading = '']) => heading.trim())

/** Anchors as GitHub makes them: https://docs.github.com/en/get-started/writing-on-github, "Section links". */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

it('every link of a page leads to an existing file and section', () => {
  const broken = pages.flatMap((page) => {
    const text = contentsOf(page).replaceAll(/^```.*?^```/gms, '')
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return []
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? page : path.join(path.dirname(page), file)
      const found =
        existsSync(path.join(root, linked)) &&
        (anchor === undefined || !linked.endsWith('.md') || headingsOf(linked).map(anchorOf).includes(anchor))
      return found ? [] : [`${page}: ${target}`]
    })
  })
  expect(broken).toEqual([])
})

it('every page and section that a comment cites exists', () => {
  const broken = sources.flatMap((source) => {
    const comments = contentsOf(source).match(/^\s*(?:\/?\*|\/\/|#|--).*$|\/\*\*? .*$/gm) ?? []
    return [...comments.join('\n').matchAll(/\b(docs\/[\w/-]+\.md)(?:, "([^"\n]+)")?/g)].flatMap(
      ([, page = '', section]) => {
        const found = pages.includes(page) && (section === undefined || headingsOf(page).includes(section))
        return found ? [] : [`${source}: ${page}${section === undefined ? '' : `, "${section}"`}`]
      },
    )
  })
  expect(broken).toEqual([])
})

it('every decision that a comment or a page cites exists and is not superseded', () => {
  const isInForce = new Map(
    pages
      .filter((page) => /^docs\/adr\/\d/.test(page))
      .map((page) => [
        page.slice('docs/adr/'.length, 'docs/adr/'.length + 3),
        !contentsOf(page).includes('\nStatus: superseded'),
      ]),
  )
  const citing = [...sources, ...pages].filter((file) => !/^(docs\/adr|prisma\/migrations)\//.test(file))
  const broken = citing.flatMap((file) =>
    [...contentsOf(file).matchAll(/(?:\bADR |\badr\/)(\d{3})/g)].flatMap(([cited, number = '']) =>
      isInForce.get(number) === true ? [] : [`${file}: ${cited}`],
    ),
  )
  expect(broken).toEqual([])
})

it('every file that a page outside docs/adr names exists', () => {
  const broken = pages
    .filter((page) => !page.startsWith('docs/adr/'))
    .flatMap((page) =>
      [...contentsOf(page).matchAll(/`((?:src|test|prisma|docs|\.github)\/[\w./[\]-]+)`/g)].flatMap(([, file = '']) =>
        existsSync(path.join(root, file)) ? [] : [`${page}: ${file}`],
      ),
    )
  expect(broken).toEqual([])
})

it('every message that the troubleshooting page quotes occurs in the code of one file, its parts in order', () => {
  const plain = (text: string) => text.replaceAll('’', "'").replaceAll(/\s+/g, ' ').toLowerCase()
  const withoutComments = (code: string) => code.replaceAll(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, '')
  const codes = files
    .filter((file) => /^src\/.*\.tsx?$/.test(file))
    .map((file) => plain(withoutComments(contentsOf(file))))
  const occurs = (parts: readonly string[]) =>
    codes.some((code) => {
      let end = 0
      return parts.every((part) => {
        const start = code.indexOf(part, end)
        end = start + part.length
        return start >= 0
      })
    })
  // The page writes the variable parts of a message as `…` or a number.
  const quoted = [...contentsOf('docs/operations/troubleshoot.md').matchAll(/"([^"\n]+)"/g)].map(
    ([, text = '']) => text,
  )
  const partsOf = (text: string) =>
    text
      .split(/…|\d+/)
      .map((part) => plain(part.replaceAll(/^[ .,()]+|[ .,()]+$/g, '')))
      .filter((part) => part.length > 3)
  expect(quoted.filter((text) => !occurs(partsOf(text)))).toEqual([])
})
