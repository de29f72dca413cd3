import { auditCheckpointCommand, auditRecords, auditVerify } from './audit.ts'
import { callbackSecret } from './callback-secret.ts'
import { check } from './check.ts'
import type { Command } from './command.ts'
import { evidenceVerify } from './evidence.ts'
import { setupLink } from './setup-link.ts'
import { surfacesApply } from './surfaces.ts'
import { tokenCreate, tokenList, tokenRevoke } from './token.ts'
import { userInvite, userList, userRecover, userRestore, userSetRole, userSuspend } from './user.ts'

/** The commands of `npm run console -- …`. */
export const COMMANDS: readonly Command[] = [
  check,
  auditVerify,
  auditCheckpointCommand,
  auditRecords,
  evidenceVerify,
  setupLink,
  callbackSecret,
  surfacesApply,
  tokenCreate,
  tokenList,
  tokenRevoke,
  userList,
  userInvite,
  userSetRole,
  userSuspend,
  userRestore,
  userRecover,
]
