import { basename } from 'node:path'

/** What the chunker knows of a language. Node types are those of its tree-sitter grammar. */
export interface CodeLanguage {
  readonly kind: 'code'
  readonly name: string
  /** The grammar's file, without `tree-sitter-` and `.wasm`. */
  readonly grammar: string
  /** Nodes that define something with a name. */
  readonly definitions: ReadonlySet<string>
  /** Nodes without a name of their own in which definitions are looked for. */
  readonly containers: ReadonlySet<string>
  /** What is imported: the first group that matched names it. */
  readonly imports: RegExp
}

export type Language =
  | CodeLanguage
  | { readonly kind: 'markdown'; readonly name: 'markdown' }
  | { readonly kind: 'text'; readonly name: 'text' }
  | { readonly kind: 'keyed'; readonly name: 'yaml' | 'json' | 'toml' }

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

const scriptImports = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"\n]{1,300})['"]/g
const dottedImports = /^\s*(?:import|using|use)\s+(?:static\s+|function\s+)?([\w.\\]{2,200})/gm

const scriptDefinitions = words(
  `function_declaration generator_function_declaration class_declaration abstract_class_declaration method_definition
   public_field_definition field_definition variable_declarator assignment_expression pair interface_declaration
   type_alias_declaration enum_declaration function_signature abstract_method_signature internal_module module`,
)
const scriptContainers = words(
  `export_statement lexical_declaration variable_declaration expression_statement class_body object statement_block
   ambient_declaration interface_body`,
)

function script(name: string, grammar: string): CodeLanguage {
  return {
    kind: 'code',
    name,
    grammar,
    definitions: scriptDefinitions,
    containers: scriptContainers,
    imports: scriptImports,
  }
}

function code(
  name: string,
  options: { grammar?: string; definitions: string; containers: string; imports: RegExp },
): CodeLanguage {
  return {
    kind: 'code',
    name,
    grammar: options.grammar ?? name,
    definitions: words(options.definitions),
    containers: words(options.containers),
    imports: options.imports,
  }
}

const typescript = script('typescript', 'typescript')
const tsx = script('tsx', 'tsx')
const javascript = script('javascript', 'javascript')
const python = code('python', {
  definitions: 'function_definition class_definition assignment',
  containers: 'decorated_definition block expression_statement',
  imports: /^\s*(?:from\s+([.\w]{1,200})\s+import|import\s+([.\w]{1,200}))/gm,
})
const go = code('go', {
  definitions: 'function_declaration method_declaration type_spec const_spec var_spec',
  containers: 'type_declaration const_declaration var_declaration',
  imports: /^\s*(?:import\s+)?(?:[\w.]+\s+)?"([^"\s]{1,200})"\s*$/gm,
})
const rust = code('rust', {
  definitions: `function_item struct_item enum_item trait_item impl_item mod_item macro_definition const_item
    static_item type_item function_signature_item`,
  containers: 'declaration_list',
  imports: /^\s*(?:pub\s+)?(?:use\s+([\w:]{1,200})|mod\s+(\w{1,100});)/gm,
})
const java = code('java', {
  definitions: `class_declaration interface_declaration enum_declaration record_declaration method_declaration
    constructor_declaration annotation_type_declaration`,
  containers: 'class_body interface_body enum_body enum_body_declarations',
  imports: dottedImports,
})
const cpp = code('cpp', {
  definitions: `function_definition class_specifier struct_specifier enum_specifier union_specifier namespace_definition
    type_definition alias_declaration preproc_function_def`,
  containers: `declaration_list field_declaration_list template_declaration declaration preproc_ifdef preproc_if
    linkage_specification`,
  imports: /^\s*#\s*include\s*["<]([^">\n]{1,200})[">]/gm,
})
const csharp = code('csharp', {
  grammar: 'c-sharp',
  definitions: `class_declaration interface_declaration struct_declaration record_declaration enum_declaration
    method_declaration constructor_declaration property_declaration delegate_declaration namespace_declaration
    file_scoped_namespace_declaration`,
  containers: 'declaration_list',
  imports: dottedImports,
})
const ruby = code('ruby', {
  definitions: 'class module method singleton_method',
  containers: 'body_statement',
  imports: /\brequire(?:_relative)?\s*\(?\s*['"]([^'"\n]{1,200})['"]/g,
})
const php = code('php', {
  definitions: `class_declaration interface_declaration trait_declaration enum_declaration function_definition
    method_declaration`,
  containers: 'declaration_list namespace_definition compound_statement',
  imports: dottedImports,
})

const languagesByExtension: Readonly<Record<string, CodeLanguage>> = {
  ts: typescript,
  mts: typescript,
  cts: typescript,
  tsx,
  js: javascript,
  mjs: javascript,
  cjs: javascript,
  jsx: javascript,
  py: python,
  pyi: python,
  go,
  rs: rust,
  java,
  c: cpp,
  h: cpp,
  cc: cpp,
  cpp,
  cxx: cpp,
  hpp: cpp,
  cs: csharp,
  rb: ruby,
  php,
}

/** The language of a file by its extension; `text` when there is no grammar for it. */
export function languageOf(path: string): Language {
  const name = basename(path)
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  const known = Object.hasOwn(languagesByExtension, extension) ? languagesByExtension[extension] : undefined
  if (known !== undefined) return known
  if (/^(?:md|mdx|markdown)$/.test(extension)) return { kind: 'markdown', name: 'markdown' }
  if (/^ya?ml$/.test(extension)) return { kind: 'keyed', name: 'yaml' }
  if (/^json[c5]?$/.test(extension)) return { kind: 'keyed', name: 'json' }
  if (extension === 'toml') return { kind: 'keyed', name: 'toml' }
  return { kind: 'text', name: 'text' }
}
