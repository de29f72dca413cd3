import { isScalar, parseDocument, visit } from 'yaml'

/**
 * The same YAML with every string written on one line.
 *
 * The official parser serves an editor: where a string of several lines contains an expression, it keeps the source
 * text (indentation, folding marks and quotes included) instead of the string's value, so that positions are easy to
 * compute. A run needs the value, as GitHub's service computes it; strings on one line are read by value.
 */
export function singleLineStrings(text: string): string {
  const document = parseDocument(text, { uniqueKeys: false })
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && node.value.includes('${{')) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
}
