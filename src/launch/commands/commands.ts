import { auditCheckpointCommand, auditRecords, auditVerify } from './audit.ts'
import { callbackSecret } from './callback-secret.ts'
import { check } from './check.ts'
import { evidenceVerify } from './evidence.ts'
import type { OfflineCommand, ServerCommand } from './server-command.ts'
import { setupLink } from './setup-link.ts'
import { surfacesApply } from './surfaces.ts'
import { tokenCreate, tokenList, tokenRevoke } from './token.ts'
import { userInvite, userList, userRecover, userRestore, userSetRole, userSuspend } from './user.ts'

/** The commands of `npm run console -- …` that need the database. */
export const COMMANDS: readonly ServerCommand[] = [
  check,
  auditVerify,
  auditCheckpointCommand,
  auditRecords,
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

/** The commands of `npm run console -- …` that need neither configuration nor database. */
export const OFFLINE_COMMANDS: readonly OfflineCommand[] = [evidenceVerify]
