import { z } from 'zod'
import { visible } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import { type ApprovalAnswer, approvalAnswer, approvalsAnswer } from './answers.ts'
import { EXIT, Stop } from './exit-codes.ts'
import { followDeploy } from './following.ts'
import { operatorCommand, printJson } from './operator-command.ts'
import { withFreshProof } from './proving.ts'

const operand = { name: 'approval', value: '<approval>' } as const
const approvalId = z.uuid('the id of an approval is required, from "approvals"')
const approvalPath = (id: string, step = '') => `/api/internal/approvals/${id}${step}`

const describeApproval = ({ id, surface, ref, sha, requested_by: by, expires_at: until }: ApprovalAnswer): string =>
  `${id}  ${visible(surface.id)} (${visible(surface.environment)})  ${visible(refLabel(ref))} at ${shortSha(sha)}  by ${visible(by)}  expires ${until}`

export const approvals = operatorCommand({
  name: 'approvals',
  summary: 'prints the requests that wait for another person',
  input: z.object({}),
  run: async (context) => {
    const found = await context.api.call('GET', '/api/internal/approvals', approvalsAnswer)
    if (context.json) await printJson(context, found)
    for (const one of context.json ? [] : found.waiting) await context.print(describeApproval(one))
    return EXIT.succeeded
  },
})

export const approve = operatorCommand({
  name: 'approve',
  summary: 'approves another person’s request, and so deploys it. Not with the token of a script',
  options: {
    confirm: { type: 'string', value: '<surface>', summary: 'the id of the surface, which is otherwise typed' },
    watch: { type: 'boolean', summary: 'follows the deploy to its end' },
  },
  operand,
  input: z.object({ approval: approvalId, confirm: z.string().optional(), watch: z.boolean().default(false) }),
  run: async (context, { approval: id, confirm, watch }) => {
    const waiting = await context.api.call('GET', approvalPath(id), approvalAnswer)
    await context.tell(describeApproval(waiting))
    for (const line of waiting.checklist) await context.tell(`  ✓ ${visible(line)}`)
    const typed = confirm ?? (await context.ask(`Type ${visible(waiting.surface.id)} to approve: `))
    if (typed === null)
      throw new Stop(
        EXIT.usage,
        'There is no terminal in which to type the name. Nothing was approved. Pass --confirm.',
      )
    if (typed.trim() !== waiting.surface.id) {
      throw new Stop(
        confirm === undefined ? EXIT.cancelled : EXIT.usage,
        'What was typed does not match. Nothing was approved.',
      )
    }
    const granted = await withFreshProof(context, () =>
      context.api.call('POST', approvalPath(id, '/approve'), approvalAnswer),
    )
    if (watch && granted.deploy_id !== null) return followDeploy(context, granted.deploy_id)
    if (context.json) await printJson(context, granted)
    else await context.print(`Approved. Follow the deploy with: watch ${granted.deploy_id ?? ''}`)
    return EXIT.succeeded
  },
})

export const refuse = operatorCommand({
  name: 'refuse',
  summary: 'refuses another person’s request. Not with the token of a script',
  options: { reason: { type: 'string', value: '<text>', summary: 'why, for the requester' } },
  operand,
  input: z.object({ approval: approvalId, reason: z.string('required').min(1, 'say why') }),
  run: async (context, { approval: id, reason }) => {
    const body = { reason }
    const refused = await withFreshProof(context, () =>
      context.api.call('POST', approvalPath(id, '/refuse'), approvalAnswer, { body }),
    )
    if (context.json) await printJson(context, refused)
    else await context.print('Refused. Nothing was deployed.')
    return EXIT.succeeded
  },
})
