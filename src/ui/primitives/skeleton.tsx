/** A stand-in of the size of what is loading; give it height and width through `className`. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={`block animate-breathe rounded-[3px] bg-line ${className}`} />
}
