import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useShortcuts } from '../keyboard/index.ts'
import styles from './data-table.module.css'

export interface Column<Row> {
  readonly id: string
  readonly header: string
  readonly cell: (row: Row) => ReactNode
  /** As CSS has it, for example `9rem`; columns without one share what is left. */
  readonly width?: string
  readonly align?: 'start' | 'end'
  /** On a phone, only columns that are `always` shown have room. */
  readonly show?: 'always' | 'wide'
}

interface DataTableProps<Row> {
  /** What the table lists, for readers of the screen. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** Where a row leads; the first column's cell becomes the link and the whole row a target for the mouse. */
  readonly rowLink?: (row: Row) => string
  /** Without links: what choosing a row does. */
  readonly onChoose?: (row: Row) => void
  /** Called when the end comes near, to load the next page. */
  readonly onEnd?: () => void
  /** Below the last row, for example that more is on its way. */
  readonly foot?: ReactNode
}

/** Height of a row before it has been measured, in pixels. */
const rowHeight = 40
/** So many rows before the end, the next page is asked for. */
const ahead = 20

/**
 * A list of any length. Only what is in sight is in the page, so a hundred thousand rows scroll like ten. `j` and `k` (or the
 * arrows) move the focus from row to row, Enter opens.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  rowLink,
  onChoose,
  onEnd,
  foot,
}: DataTableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [active, setActive] = useState<number>()
  const [offset, setOffset] = useState(0)

  useEffect(() => setOffset(body.current?.offsetTop ?? 0), [])
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: offset,
    getItemKey: (index) => rowKey(rows[index] as Row),
  })
  const visible = virtualizer.getVirtualItems()
  const before = (visible[0]?.start ?? offset) - offset
  const after = virtualizer.getTotalSize() - ((visible.at(-1)?.end ?? offset) - offset)

  const lastVisible = visible.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && lastVisible >= rows.length - ahead) onEnd?.()
  }, [lastVisible, rows.length, onEnd])

  const focusRow = (index: number): boolean => {
    const opens = body.current?.querySelector<HTMLElement>(`[data-index="${index}"] [data-opens]`)
    opens?.focus()
    return opens instanceof HTMLElement
  }
  const move = (by: number): void => {
    const next = Math.min(rows.length - 1, Math.max(0, active === undefined ? 0 : active + by))
    if (rows.length === 0) return
    setActive(next)
    virtualizer.scrollToIndex(next, { align: 'auto' })
    // At once, for Enter may come right after; a row far away has to be rendered first.
    if (!focusRow(next)) requestAnimationFrame(() => focusRow(next))
  }
  useShortcuts([
    { keys: 'j', does: 'Next row', group: 'Lists', run: () => move(1) },
    { keys: 'k', does: 'Previous row', group: 'Lists', run: () => move(-1) },
  ])

  return (
    <>
      <table className={styles['table']} aria-label={label} aria-rowcount={rows.length}>
        <colgroup>
          {columns.map(({ id, width, show }) => (
            <col key={id} className={styles[show ?? 'wide']} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ id, header, align, show }) => (
              <th key={id} scope="col" data-align={align} className={styles[show ?? 'wide']}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {before > 0 && <Gap height={before} columns={columns.length} />}
          {visible.map(({ index, key }) => {
            const row = rows[index]
            return (
              row !== undefined && (
                <tr
                  key={key}
                  ref={virtualizer.measureElement}
                  data-index={index}
                  aria-rowindex={index + 1}
                  data-active={index === active}
                  onFocus={() => setActive(index)}
                >
                  {columns.map(({ id, cell, align, show }, place) => (
                    <td key={id} data-align={align} className={styles[show ?? 'wide']}>
                      {place > 0 || (rowLink === undefined && onChoose === undefined) ? (
                        cell(row)
                      ) : rowLink === undefined ? (
                        <button
                          type="button"
                          data-opens
                          className={styles['opens']}
                          onClick={() => onChoose?.(row)}
                        >
                          {cell(row)}
                        </button>
                      ) : (
                        <Link to={rowLink(row)} data-opens className={styles['opens']}>
                          {cell(row)}
                        </Link>
                      )}
                    </td>
                  ))}
                </tr>
              )
            )
          })}
          {after > 0 && <Gap height={after} columns={columns.length} />}
        </tbody>
      </table>
      {foot}
    </>
  )
}

/** Stands for the rows that are out of sight. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr aria-hidden="true" className={styles['gap']}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  )
}
