/** What the settings of a client depend on. */
interface Place {
  /** Address of the studio: `https://studio.example.org`. */
  readonly origin: string
  /** A model or route. */
  readonly model: string
  /** Id of the project to which it is charged; undefined where that is clear by itself. */
  readonly project: string | undefined
}

export interface Client {
  readonly id: string
  readonly name: string
  /** Where it goes. */
  readonly words: string
  readonly text: (place: Place) => string
}

const header = 'x-atelier-project'

/** How clients are pointed at the gateway; docs/gateway.md has the same. Each reads the token from where it is kept. */
export const clients: readonly Client[] = [
  {
    id: 'claude',
    name: 'Claude Code',
    words: 'In the shell in which it is started.',
    text: ({ origin, model, project }) =>
      [
        `export ANTHROPIC_BASE_URL=${origin}/gateway`,
        'export ANTHROPIC_AUTH_TOKEN=TOKEN',
        `export ANTHROPIC_MODEL=${model}`,
        `export ANTHROPIC_DEFAULT_HAIKU_MODEL=${model}`,
        ...(project === undefined ? [] : [`export ANTHROPIC_CUSTOM_HEADERS='${header}: ${project}'`]),
        'claude',
      ].join('\n'),
  },
  {
    id: 'codex',
    name: 'Codex',
    words: 'In ~/.codex/config.toml; the token is read from the variable ATELIER_TOKEN.',
    text: ({ origin, model, project }) =>
      [
        `model = "${model}"`,
        'model_provider = "studio"',
        '',
        '[model_providers.studio]',
        'name = "Studio"',
        `base_url = "${origin}/gateway/v1"`,
        'env_key = "ATELIER_TOKEN"',
        'wire_api = "responses"',
        ...(project === undefined ? [] : [`http_headers = { "${header}" = "${project}" }`]),
      ].join('\n'),
  },
  {
    id: 'openai',
    name: 'OpenAI library',
    words: 'Editors and tools that take an address and a key for OpenAI take these two.',
    text: ({ origin, project }) =>
      `new OpenAI({\n  baseURL: '${origin}/gateway/v1',\n  apiKey: 'TOKEN',${headersOf(project)}\n})`,
  },
  {
    id: 'anthropic',
    name: 'Anthropic library',
    words: 'Without /v1: the library adds it.',
    text: ({ origin, project }) =>
      `new Anthropic({\n  baseURL: '${origin}/gateway',\n  apiKey: 'TOKEN',${headersOf(project)}\n})`,
  },
  {
    id: 'curl',
    name: 'curl',
    words: 'The models and routes that the token may use.',
    text: ({ origin }) => `curl ${origin}/gateway/v1/models -H 'Authorization: Bearer TOKEN'`,
  },
]

function headersOf(project: string | undefined): string {
  return project === undefined ? '' : `\n  defaultHeaders: { '${header}': '${project}' },`
}
