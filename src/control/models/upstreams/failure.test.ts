import { APICallError, JSONParseError } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { failureOf, failureOfReport, failureOfStatus } from './failure.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

describe('what a provider answers instead of an answer', () => {
  it.each([
    [401, '{"error":{"message":"Incorrect API key provided"}}', 'authentication'],
    [403, '{}', 'authentication'],
    [429, '{"error":{"message":"Rate limit reached"}}', 'rate-limited'],
    [429, '{"error":{"type":"engine_overloaded"}}', 'overloaded'],
    [500, 'oops', 'server-error'],
    [500, '{"type":"error","error":{"type":"overloaded_error"}}', 'overloaded'],
    [503, '', 'overloaded'],
    [529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
    [504, '<html>Gateway timeout</html>', 'timeout'],
    [
      400,
      '{"error":{"code":"context_length_exceeded","message":"This model\'s maximum context length is 8192 tokens"}}',
      'context-too-long',
    ],
    [
      400,
      '{"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
      'context-too-long',
    ],
    [413, '', 'context-too-long'],
    [400, '{"error":{"code":"content_filter"}}', 'content-filter'],
    [400, '{"error":{"message":"Unknown parameter"}}', 'refused'],
    [404, '{"error":{"message":"The model does not exist"}}', 'refused'],
  ])('%i %s is %s', (status, body, expected) => {
    expect(failureOfStatus(status, {}, body, now).failure).toBe(expected)
  })

  it('is told in its own words, without secrets and at bounded length', () => {
    const key = `sk-${'a'.repeat(40)}`
    const failure = failureOfStatus(401, {}, JSON.stringify({ error: { message: `Wrong key ${key}` } }), now)
    expect(failure.message).toBe('401 Wrong key [redacted:openai-key]')
    expect(failureOfStatus(500, {}, `<h1>${'x'.repeat(10_000)}</h1>`, now).message.length).toBeLessThan(600)
  })

  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, 5000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '99999999999' }, 24 * 3600 * 1000],
    [{}, undefined],
  ])('says when to come again: %j', (headers, expected) => {
    expect(failureOfStatus(429, headers, '', now).retryAfterMs).toBe(expected)
  })
})

describe('what is thrown on the way', () => {
  const cause = (code: string) => Object.assign(new Error(code), { code })
  const call = (more: object) =>
    new APICallError({ message: 'failed', url: 'http://x', requestBodyValues: {}, ...more })

  it.each<[string, unknown, string]>([
    ['nobody listens', call({ cause: cause('ECONNREFUSED') }), 'unreachable'],
    ['no such host', new TypeError('fetch failed', { cause: cause('ENOTFOUND') }), 'unreachable'],
    ['no connection in time', new TypeError('x', { cause: cause('UND_ERR_CONNECT_TIMEOUT') }), 'unreachable'],
    ['reset', new TypeError('terminated', { cause: cause('UND_ERR_SOCKET') }), 'cut-off'],
    ['too much', new TypeError('x', { cause: cause('UND_ERR_RES_EXCEEDED_MAX_SIZE') }), 'too-large'],
    ['no JSON', new JSONParseError({ text: '{', cause: undefined }), 'invalid-answer'],
    ['no answer of the protocol', call({ statusCode: 200 }), 'invalid-answer'],
    ['a status', call({ statusCode: 529 }), 'overloaded'],
  ])('%s', (_name, error, expected) => {
    expect(failureOf(error, now).failure).toBe(expected)
  })

  it('is a defect when it is nothing of the kind', () => {
    const defect = new RangeError('x is 5')
    expect(() => failureOf(defect, now)).toThrow(defect)
  })
})

it.each([
  ['overloaded_error', 'Overloaded', 'overloaded'],
  ['rate_limit_exceeded', '', 'rate-limited'],
  ['invalid_request_error', 'prompt is too long', 'context-too-long'],
  ['authentication_error', 'x', 'authentication'],
  ['server_error', 'x', 'server-error'],
])('an error within an answer, %s %s, is %s', (type, message, expected) => {
  expect(failureOfReport(type, message).failure).toBe(expected)
})
