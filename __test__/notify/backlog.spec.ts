import test from 'ava'
import { Backlog, type Parcel } from '../../src/notify/backlog.ts'

const parcel = (item: string, since = 0): Parcel<string> => ({ item, since, attempts: 0, lastAttempts: 0, skipped: 0 })

/** Everything that can be taken, lane by lane, with what was skipped. */
function takeAll(backlog: Backlog<string>): string[] {
  const taken: string[] = []
  for (let next = backlog.take(); next !== undefined; next = backlog.take()) {
    taken.push(`${next.parcel.item}+${next.parcel.skipped}`)
    backlog.release(next.lane)
  }
  return taken
}

test('items of a lane keep their order, and lanes take turns', (t) => {
  const backlog = new Backlog<string>(10, 10)
  for (const item of ['a1', 'a2', 'b1', 'a3', 'b2']) backlog.push(item.slice(0, 1), parcel(item))
  t.deepEqual(takeAll(backlog), ['a1+0', 'b1+0', 'a2+0', 'b2+0', 'a3+0'])
  t.is(backlog.size, 0)
})

test('a lane gives nothing while an item of it is on its way, and gives that one again when it comes back', (t) => {
  const backlog = new Backlog<string>(10, 10)
  backlog.push('a', parcel('a1'))
  backlog.push('a', parcel('a2'))
  const taken = backlog.take()
  t.is(taken?.parcel.item, 'a1')
  t.is(backlog.take(), undefined)
  backlog.release('a', taken?.parcel)
  t.deepEqual(takeAll(backlog), ['a1+0', 'a2+0'])
})

test('a full lane gives up its oldest item; the next one tells how many are missing', (t) => {
  const backlog = new Backlog<string>(2, 10)
  const lost = ['a1', 'a2', 'a3', 'a4'].map((item) => backlog.push('a', parcel(item)))
  t.deepEqual(lost, [0, 0, 1, 1])
  t.deepEqual(takeAll(backlog), ['a3+2', 'a4+0'])
})

test('where there is no room at all the last item of each lane stays, then the youngest', (t) => {
  const backlog = new Backlog<string>(3, 3)
  for (const item of ['a1', 'a2', 'b1', 'c1']) backlog.push(item.slice(0, 1), parcel(item))
  t.is(backlog.size, 3)
  t.is(backlog.push('d', parcel('d1')), 1)
  t.is(backlog.size, 3)
  t.deepEqual(takeAll(backlog), ['b1+0', 'c1+0', 'd1+0'])
})

test('old items go, and clear() leaves nothing', (t) => {
  const backlog = new Backlog<string>(5, 5)
  backlog.push('a', parcel('a1', 1))
  backlog.push('a', parcel('a2', 2))
  backlog.push('b', parcel('b1', 1))
  t.is(
    backlog.expire(({ since }) => since < 2),
    2,
  )
  t.is(backlog.size, 1)
  t.is(backlog.clear(), 1)
  t.is(backlog.take(), undefined)
})
