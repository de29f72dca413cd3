import { MessagePage } from '~/ui/primitives/notice'

export default function NotFound() {
  return (
    <MessagePage title="There is no page here">
      <p>Every surface, and every deploy, is on the grid.</p>
      <p>
        <a href="/" className="text-accent underline underline-offset-2">
          Open the grid
        </a>
      </p>
    </MessagePage>
  )
}
