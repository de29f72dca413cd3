import { type Commit, readCommit } from '~/sandbox/git/commits'
import { type ChangedFile, changedFiles, compareCommits } from '~/sandbox/git/compare'
import { resolveCommit } from '~/sandbox/git/refs'
import { fullNameOf, type Repository } from '~/sandbox/git/repository'
import { html, type Markup } from '~/sandbox/html/html'
import { githubPage, missingPage, type Site } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import { short } from '~/sandbox/pages/run-page'

const filesMarkup = (files: readonly ChangedFile[]): Markup => html`<h2>${files.length} changed files</h2>
${files.map(
  (file) => html`<details open><summary><code>${file.filename}</code> ${file.status !== 'modified' && file.status}
<span class="good">+${file.additions}</span> <span class="bad">−${file.deletions}</span></summary>
${file.patch !== undefined && html`<pre>${file.patch}</pre>`}</details>`,
)}`

const commitLine = (repository: string, commit: Commit): Markup =>
  html`<tr><td><a href="/${repository}/commit/${commit.sha}"><code>${short(commit.sha)}</code></a></td>
<td>${commit.message.split('\n')[0]}</td><td>${commit.author.name}</td><td><time>${commit.author.date}</time></td></tr>`

export const commitPage = async (site: Site, repository: Repository, ref: string): Promise<Answer> => {
  const sha = await resolveCommit(repository, ref)
  if (!sha) return missingPage(site, `${fullNameOf(repository)} has no commit ${ref}.`)
  const commit = await readCommit(repository, sha)
  const files = await changedFiles(repository, commit.parents[0], sha)
  const [subject = '', ...rest] = commit.message.split('\n')
  const text = rest.join('\n').trim()
  return githubPage(site, {
    title: subject,
    repository: fullNameOf(repository),
    body: html`<h1>${subject}</h1>
${text !== '' && html`<p>${text}</p>`}
<p>${commit.author.name} · <time>${commit.author.date}</time> · <code>${commit.sha}</code></p>
<p>${commit.parents.map((parent) => html`Parent <a href="/${fullNameOf(repository)}/commit/${parent}"><code>${short(parent)}</code></a> `)}</p>
${filesMarkup(files)}`,
  })
}

export const comparePage = async (site: Site, repository: Repository, basehead: string): Promise<Answer> => {
  const sides = basehead.split('...').map((side) => side.replace(`${repository.owner}:`, ''))
  const [base, head] = await Promise.all(sides.map((side) => resolveCommit(repository, side)))
  const comparison = base && head ? await compareCommits(repository, base, head) : undefined
  if (!comparison || sides.length !== 2)
    return missingPage(site, `${basehead} does not name two commits with a common history.`)
  return githubPage(site, {
    title: `Comparing ${basehead}`,
    repository: fullNameOf(repository),
    body: html`<h1>Comparing <code>${sides[0]}</code> … <code>${sides[1]}</code></h1>
<p>${comparison.status}: ${comparison.aheadBy} ahead, ${comparison.behindBy} behind</p>
<div class="scroll"><table><tbody>${comparison.commits.toReversed().map((commit) => commitLine(fullNameOf(repository), commit))}</tbody></table></div>
${filesMarkup(comparison.files)}`,
  })
}
