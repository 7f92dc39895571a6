import { describe, expect, it } from 'vitest'
import { renderMarkdown } from './markdown.ts'

const surroundings = {
  resolve: (link: string) => `/docs/${link}`,
  errorAddress: (code: string) => `/docs/errors#${code.toLowerCase()}`,
}
const render = (text: string) => renderMarkdown(text, surroundings)

describe('a page made of Markdown', () => {
  it('has the anchors that GitHub gives, each once', () => {
    const { title, headings } = render(
      "# A page\n\n## What's `new`, and why?\n\n## Twice\n\n### Twice\n\n## Größe",
    )
    expect(title).toBe('A page')
    expect(headings.map(({ id }) => id)).toEqual(['whats-new-and-why', 'twice', 'twice-1', 'größe'])
    expect(headings[0]?.text).toBe("What's new, and why?")
  })

  it('shows HTML as text, in blocks, in lines and in what is highlighted', () => {
    const { content } = render(
      '<script>a()</script>\n\nA <b onclick="a()">word</b>.\n\n```js\nconst x = "<img src=x>"\n```',
    )
    expect(content).not.toMatch(/<(?:script|b|img)\b/)
    expect(content).toContain('&#60;script&#62;')
    expect(content).toContain('&lt;img src=x&gt;')
  })

  it('links codes of errors to where they are explained, and gives their rows an anchor', () => {
    const { content, passages } = render(
      'See `ATL_API_CLOSING`, not `ATL_…`.\n\n| code | what |\n| --- | --- |\n| `ATL_A_B` | It broke |\n',
    )
    expect(content).toContain('<a href="/docs/errors#atl_api_closing"><code>ATL_API_CLOSING</code></a>')
    expect(content).toContain('<tr id="atl_a_b">')
    expect(passages).toContainEqual({ anchor: 'atl_a_b', heading: 'ATL_A_B', text: 'It broke' })
  })

  it('is found by its passages, without marks', () => {
    const { passages } = render(
      '# Page\n\nFirst *words*.\n\n## Below\n\n- one `code`\n  - two\n\n| a | b |\n| - | - |\n| c | [d](e.md) |',
    )
    expect(passages).toEqual([
      { anchor: undefined, heading: 'Page', text: 'First words.' },
      {
        anchor: 'below',
        heading: 'Below',
        text: expect.stringMatching(/^one code\s+two\s+c\s+d$/) as unknown,
      },
    ])
  })

  it('scrolls tables and code by themselves, from the keyboard too, and says what they are', () => {
    const { content } = render('| role | may |\n| --- | --- |\n| a | b |\n\n```sh\nls\n```')
    expect(content).toContain('tabindex="0" role="group" aria-label="Table of role, may"')
    expect(content).toContain('aria-label="Code in sh"')
  })
})
