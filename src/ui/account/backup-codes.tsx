import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

/** The one sight of them. */
export function BackupCodes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <div className="flex flex-col gap-3">
      <Notice tone="warn" role="status">
        Keep these backup codes where the phone is not: this is the only time they are shown. Each signs you in once, in
        place of a code of the app.
      </Notice>
      <ul
        aria-label="Backup codes"
        className="grid grid-cols-2 gap-x-6 gap-y-1 rounded-[5px] bg-well px-3 py-2 font-mono text-sm"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Button tone="strong" className="self-start" onClick={onDone}>
        I have kept them
      </Button>
    </div>
  )
}
