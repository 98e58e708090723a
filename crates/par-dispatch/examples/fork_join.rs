//! What a fork-join costs on this machine: two chunks that wait for each other, so that two threads
//! really run, through the hub and through Rayon, from outside a pool of two threads and from one
//! of its workers. Medians of rounds that take turns; run it when the machine is quiet.

use par_dispatch::{Dispatcher, Force, Op};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const OP: Op = Op::new("meet").leaf_len(1);
const CALLS: u32 = 100;
const ROUNDS: usize = 50;

/// Both chunks come here and go when both have come.
struct Meeting(AtomicUsize);

impl Meeting {
    fn meet(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        while self.0.load(Ordering::Relaxed) < 2 {
            std::hint::spin_loop();
        }
    }
}

fn time(pause: Duration, call: &(dyn Fn(&Meeting) + Sync)) -> f64 {
    let calls = if pause.is_zero() { CALLS } else { 5 };
    let mut spent = Duration::ZERO;
    for _ in 0..calls {
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
        let meeting = Meeting(AtomicUsize::new(0));
        let start = Instant::now();
        call(&meeting);
        spent += start.elapsed();
    }
    spent.as_secs_f64() * 1e6 / f64::from(calls)
}

type Contender<'a> = (&'static str, &'a (dyn Fn(&Meeting) + Sync));

fn table(place: &str, pause: Duration, contenders: &[Contender<'_>]) {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, call), times) in contenders.iter().zip(&mut times) {
            times.push(time(pause, call));
        }
    }
    for ((name, _), times) in contenders.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "{place:<8} {name:<16} {:>8.2} µs  (quartiles {:.2} – {:.2})",
            times[ROUNDS / 2],
            times[ROUNDS / 4],
            times[ROUNDS * 3 / 4]
        );
    }
}

fn main() {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(2);
    let pool = builder.build().expect("two threads");
    let dispatcher = Dispatcher::with_pool(&pool).force(Force::Parallel);
    let hub = |meeting: &Meeting| {
        dispatcher.for_each_chunk_mut(&OP, &mut [0_u8; 2], |_, _| meeting.meet());
    };
    let scope = |meeting: &Meeting| {
        pool.in_place_scope(|scope| {
            scope.spawn(|_| meeting.meet());
            meeting.meet();
        });
    };
    let join = |meeting: &Meeting| {
        rayon::join(|| meeting.meet(), || meeting.meet());
    };
    let join_outside = |meeting: &Meeting| pool.install(|| join(meeting));
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        println!("pause {pause:?}");
        table(
            "outside",
            pause,
            &[
                ("hub", &hub),
                ("rayon::join", &join_outside),
                ("in_place_scope", &scope),
            ],
        );
        let worker: &[Contender<'_>] = &[
            ("hub", &hub),
            ("rayon::join", &join),
            ("in_place_scope", &scope),
        ];
        pool.install(|| table("worker", pause, worker));
    }
}
