import { useRegisteredShortcuts } from '../keyboard/index.ts'
import { Dialog, Keys } from '../ui/index.ts'
import styles from './keyboard-help.module.css'

/** All keys that work on the page that is open. */
export function KeyboardHelp({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys" size="large">
      <KeyList />
    </Dialog>
  )
}

function KeyList() {
  const groups = Map.groupBy(useRegisteredShortcuts()(), ({ group }) => group)
  return (
    <div className={styles['groups']}>
      {[...groups].map(([group, shortcuts]) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          <dl>
            {shortcuts.map(({ keys, does }) => (
              <div key={keys}>
                <dt>{does}</dt>
                <dd>
                  <Keys keys={keys} />
                  <span className="visually-hidden">{keys}</span>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}
