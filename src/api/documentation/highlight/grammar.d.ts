/** A grammar of highlight.js, as it is handed back to it. */
export type Grammar = (highlighter: unknown) => object

declare const grammar: Grammar
export default grammar
