// A coding agent that tries what its prompt names, and prints what came of it as one line of JSON.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'

const prompt = readFileSync(0, 'utf8')
const attack = /attack: ([a-z-]+)/.exec(prompt)?.[1] ?? 'none'
const { OPENAI_API_KEY: key = '', OPENAI_BASE_URL: base = '', OPENAI_MODEL: model = '' } = process.env

async function ask(body, path = '/chat/completions', headers = {}) {
  const response = await fetch(`${base}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: (await response.text()).slice(0, 300) }
}

const chat = (content, more = {}) => ({
  model,
  max_tokens: 1000,
  messages: [{ role: 'user', content: `attack: ${attack} ${content}` }],
  ...more,
})

function attempt(work) {
  try {
    return { done: true, what: String(work() ?? '').slice(0, 200) }
  } catch (error) {
    return { done: false, what: error.code ?? error.message }
  }
}

function dial(target) {
  return new Promise((resolve) => {
    const socket = connect(target)
    socket.once('connect', () => (socket.destroy(), resolve('connected')))
    socket.once('error', (error) => resolve(error.code))
    socket.setTimeout(2000, () => (socket.destroy(), resolve('timeout')))
  })
}

const attacks = {
  'parallel-spending': async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(chat(`call ${n}`))))
    return {
      statuses: answers.map(({ status }) => status),
      refusal: answers.find(({ status }) => status !== 200)?.text,
    }
  },
  'other-model': async () => ({
    models: await ask(undefined, '/models'),
    asked: await ask(chat('hello', { model: 'large' })),
  }),
  'steal-the-task-key': async () => ({
    toModel: await ask(chat(`the key is ${key}`)),
    // Not as it is, because that would be found.
    key: Buffer.from(key).toString('hex'),
    othersKey: await ask(chat('hello'), '/chat/completions', {
      authorization: `Bearer atl_sk_${'x'.repeat(43)}`,
    }),
    studio: await ask(undefined, '/../api/v1/runs'),
  }),
  'leave-the-workspace': async () => ({
    writes: ['/etc/passwd', '/usr/bin/node', '/opt/atelier/agent/x', `${HOST}/escaped`].map((file) => ({
      file,
      ...attempt(() => writeFileSync(file, 'x')),
    })),
    host: attempt(() => readdirSync(HOST)),
    database: await dial({ path: DATABASE }),
  }),
}

const HOST = /host: (\S+)/.exec(prompt)?.[1] ?? '/nowhere'
const DATABASE = /database: (\S+)/.exec(prompt)?.[1] ?? '/nowhere'
const result = await (attacks[attack] ?? (() => ({})))()
process.stdout.write(JSON.stringify(result))
