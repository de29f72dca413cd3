/** Whether a dialog is over the page. One that is closing is still in the document for some frames, and does not count. */
export const isDialogOpen = (): boolean =>
  document.querySelector(':is([role="dialog"], [role="alertdialog"]):not([data-closed])') !== null
