import { compareCommits } from '~/sandbox/git/compare'
import { resolveCommit } from '~/sandbox/git/refs'
import type { Repository } from '~/sandbox/git/repository'
import { html } from '~/sandbox/html/html'
import { githubPage, missingPage, type Site } from '~/sandbox/html/layout'
import type { Answer } from '~/sandbox/http/answer'
import { commitLine, filesMarkup } from '~/sandbox/pages/commit-page'

export const comparePage = async (site: Site, repository: Repository, basehead: string): Promise<Answer> => {
  const sides = basehead.split('...').map((side) => side.replace(`${repository.owner}:`, ''))
  const [base, head] = await Promise.all(sides.map((side) => resolveCommit(repository, side)))
  const comparison = base && head ? await compareCommits(repository, base, head) : undefined
  if (!comparison || sides.length !== 2) return missingPage(site, `There is nothing to compare as ${basehead}.`)
  return githubPage(site, {
    title: `Comparing ${basehead}`,
    body: html`<h1>Comparing <code>${sides[0]}</code> … <code>${sides[1]}</code></h1>
<p>${comparison.status}: ${comparison.aheadBy} ahead, ${comparison.behindBy} behind</p>
<div class="scroll"><table><tbody>${comparison.commits.toReversed().map(commitLine)}</tbody></table></div>
${filesMarkup(comparison.files)}`,
  })
}
