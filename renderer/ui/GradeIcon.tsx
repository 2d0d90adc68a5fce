/** One sign per grade, told apart by shape. */
import { CircleCheck, CircleDashed, CircleX, TriangleAlert } from 'lucide-react'
import type { Grade } from '../data/device.ts'

export function GradeIcon({ grade }: { readonly grade: Grade }) {
  const props = { size: 12, 'aria-hidden': true, className: `grade-${grade}` } as const
  switch (grade) {
    case 'good':
      return <CircleCheck {...props} />
    case 'warn':
      return <TriangleAlert {...props} />
    case 'breach':
      return <CircleX {...props} />
    case 'off':
      return <CircleDashed {...props} />
  }
}
