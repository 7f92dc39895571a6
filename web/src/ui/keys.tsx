import styles from './keys.module.css'

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent)

const faces: Readonly<Record<string, string>> = {
  mod: apple ? '⌘' : 'Ctrl',
  enter: '↵',
  escape: 'Esc',
  arrowdown: '↓',
  arrowup: '↑',
}

function face(key: string): string {
  return faces[key] ?? (key.length === 1 ? key.toUpperCase() : key)
}

/** A shortcut as the keys to press, in a row: `g i`, `mod+enter`. Readers of a screen hear it from the list of keys. */
export function Keys({ keys }: { readonly keys: string }) {
  return (
    <kbd className={styles['keys']} aria-hidden="true">
      {keys.split(' ').map((stroke, index) => (
        <span key={index}>
          {stroke
            .split('+')
            .map(face)
            .join(apple ? '' : '+')}
        </span>
      ))}
    </kbd>
  )
}
