import 'server-only'
import { json, operation } from '~/server/openapi/operation'

const approvalId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The approval’s id.',
  schema: { type: 'string', format: 'uuid' },
} as const

const content = json('Approval')

/** Deploys that wait for another person. */
export const approvalPaths = {
  '/api/internal/approvals/{id}': {
    get: operation({
      id: 'getApproval',
      permission: 'deploy.read',
      summary: 'Where an approval stands',
      description: 'Once it is granted, `deploy_id` says which deploy it became.',
      parameters: [approvalId],
      success: { status: 200, description: 'The approval.', content },
      problems: ['invalid_id', 'approval_unknown'],
    }),
  },
  '/api/internal/approvals/{id}/approve': {
    post: operation({
      id: 'approveDeploy',
      permission: 'deploy.approve',
      summary: 'Approve a deploy that another person asked for',
      description: 'The facts are checked again; then GitHub is asked, once. Asked again, it answers the same.',
      parameters: [approvalId],
      success: {
        status: 202,
        description: 'Approved and recorded. Poll the deploy at the address in `Location`.',
        headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
        content,
      },
      problems: [
        'invalid_id',
        'approval_own',
        'approver_linked',
        'proof_stale',
        'approval_unknown',
        'approval_over',
        'ref_moved',
        'running_changed',
        'ref_ambiguous',
        'ref_unknown',
        'surface_archived',
        'surface_changed',
        'source_refused',
        'requester_refused',
        'surface_locked',
        'frozen',
        'surface_busy',
        'github_refused',
        'github_unavailable',
      ],
    }),
  },
  '/api/internal/approvals/{id}/refuse': {
    post: operation({
      id: 'refuseDeploy',
      permission: 'deploy.approve',
      summary: 'Refuse a deploy that another person asked for',
      parameters: [approvalId],
      body: 'RefusalRequest',
      success: { status: 200, description: 'Refused.', content },
      problems: [
        'invalid_id',
        'invalid_input',
        'approval_own',
        'approval_unknown',
        'approval_over',
        'body_incomplete',
        'body_too_large',
        'media_type_refused',
      ],
    }),
  },
  '/api/internal/approvals/{id}/withdraw': {
    post: operation({
      id: 'withdrawDeploy',
      permission: 'deploy.dispatch',
      summary: 'Take back a request of one’s own',
      parameters: [approvalId],
      success: { status: 200, description: 'Withdrawn.', content },
      problems: ['invalid_id', 'approval_unknown', 'approval_over'],
    }),
  },
} as const
