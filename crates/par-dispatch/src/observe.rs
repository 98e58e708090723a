//! The seam to `pool-metrics`: a guard around each chunk, nothing with the feature off.

use crate::op::Op;
use std::marker::PhantomData;

/// Watches the chunks of a dispatcher, if somebody asked for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Observer<'a> {
    #[cfg(feature = "pool-metrics")]
    recorder: Option<&'a pool_metrics::Recorder>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> Observer<'a> {
    #[cfg(feature = "pool-metrics")]
    pub(crate) const fn new(recorder: &'a pool_metrics::Recorder) -> Self {
        Self {
            recorder: Some(recorder),
            lifetime: PhantomData,
        }
    }

    /// Runs one chunk of an operation, whose name is the label.
    #[inline(always)]
    pub(crate) fn chunk<R>(&self, op: &Op, body: impl FnOnce() -> R) -> R {
        #[cfg(feature = "pool-metrics")]
        let _task = self.recorder.map(|recorder| recorder.track(op.name));
        #[cfg(not(feature = "pool-metrics"))]
        let _ = op;
        body()
    }
}
