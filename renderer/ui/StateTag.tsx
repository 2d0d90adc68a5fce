/** A word with its sign. */
import type { Grade } from '../data/device.ts'
import { GradeIcon } from './GradeIcon.tsx'

const toneByGrade: Readonly<Record<Grade, string>> = {
  good: 'good',
  warn: 'warn',
  breach: 'breach',
  off: '',
}

export function StateTag({ grade, text }: { readonly grade: Grade; readonly text: string }) {
  return (
    <span className={`tag ${toneByGrade[grade]}`}>
      <GradeIcon grade={grade} /> {text}
    </span>
  )
}
