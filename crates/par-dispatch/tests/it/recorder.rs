//! Recording: one task per chunk, whichever way the call goes.

use par_dispatch::{Dispatcher, Force, Op, Plan};
use pool_metrics::Recorder;

#[test]
fn each_chunk_is_one_task() {
    const OP: Op = Op::new("test").leaf_len(100);
    let builder = rayon::ThreadPoolBuilder::new().num_threads(3);
    let (pool, recorder) = Recorder::build_pool(builder).expect("threads");
    let dispatcher = Dispatcher::with_pool(&pool)
        .recorder(&recorder)
        .force(Force::Parallel);
    let mut out = vec![0_u8; 10_000];
    let Plan::Chunks { count, .. } = dispatcher.plan(&OP, out.len()) else {
        panic!("a forced call of 100 leaves on 3 workers is split");
    };
    dispatcher.for_each_chunk_mut(&OP, &mut out, |_, chunk| chunk.fill(1));
    let snapshot = recorder.reset();
    assert_eq!(snapshot.tasks, count as u64);
    // The caller takes part.
    assert_eq!(snapshot.outside_threads, 1);

    dispatcher
        .force(Force::Sequential)
        .for_each_chunk_mut(&OP, &mut out, |_, chunk| chunk.fill(2));
    assert_eq!(recorder.snapshot().tasks, 1);
}
