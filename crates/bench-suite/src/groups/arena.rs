//! What does scratch memory cost per call, from the arena and from elsewhere?
//!
//! - `scope`: a scope that takes nothing, beside a call that does nothing: the difference is what
//!   opening and closing cost.
//! - `take`: a scope that takes sixteen uninitialised slices of a size and touches none: the bare
//!   price of a request. Like stands beside like: `arena`, `bumpalo-local` and `bump-scope-local`
//!   reach their memory through a thread-local, the other two in a `RefCell` there; `arena-owned`,
//!   `bumpalo` and `bump-scope` belong to the caller. `-64` aligns as the arena does.
//! - `scratch`: a kernel that needs three buffers: sum(relu(x + y) · x), each step through one of
//!   them, written before it is read. Page faults are counted: they are what it is about. `vec`
//!   frees its three together, on which glibc gives the pages at the top of its heap back, and
//!   faults them in again with the next call: in a program whose largest blocks these are
//!   ([`as_if_nothing_larger_was_freed`]). One that has freed a block three times as large keeps
//!   them. `kept` has its buffers from the call before, as a caller would who passes them in: no
//!   allocator can be faster by more than what large pages save, so `vec` by `kept` is about the
//!   most that can be gained.

use std::cell::RefCell;
use std::hint::black_box;
use std::mem::MaybeUninit;

use arena::{Arena, with_arena};
use bump_scope::Bump as ScopedBump;
use bumpalo::Bump;

use super::slices::{Operands as Slices, Placed, Source, TREE_ROUNDINGS};
use super::{Case, Group, Inputs, Question};
use crate::contenders::allocators::{
    MimallocBuffer, as_if_nothing_larger_was_freed, bumpalo_slots, fill,
};
use crate::measure::{Contender, Trial};
use crate::reference::check_terms;

const NAME: &str = "arena";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "scratch from the arena against Vec, mimalloc, bumpalo and bump-scope",
    quick: "three sizes of `take`, two of `scratch`",
    ops: &["scope", "take", "scratch"],
    cases,
};

/// Elements of a slice of `take`: 64 B to 1 MiB of f32.
const TAKE_LENS: [usize; 8] = [
    1 << 4,
    1 << 6,
    1 << 8,
    1 << 10,
    1 << 12,
    1 << 14,
    1 << 16,
    1 << 18,
];
const TAKE_LENS_QUICK: [usize; 3] = [1 << 4, 1 << 10, 1 << 18];
/// Slices that `take` takes in one scope.
const TAKEN: usize = 16;

/// Elements of one buffer of `scratch`: 1, 4 and 16 MiB of f32.
const SCRATCH_LENS: [usize; 3] = [1 << 18, 1 << 20, 1 << 22];
const SCRATCH_LENS_QUICK: [usize; 2] = [1 << 18, 1 << 20];

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let (takes, scratches) = match inputs.quick {
        true => (&TAKE_LENS_QUICK[..], &SCRATCH_LENS_QUICK[..]),
        false => (&TAKE_LENS[..], &SCRATCH_LENS[..]),
    };
    let mut cases = vec![scope()];
    cases.extend(takes.iter().map(|&len| take(len)));
    cases.extend(scratches.iter().map(|&len| scratch(inputs, len)));
    cases
}

fn question(op: &'static str, shape: Vec<usize>) -> Question {
    Question {
        group: NAME,
        op,
        dtype: "f32",
        shape,
        bytes: 0,
        flops: 0,
    }
}

/// An answer that must be exactly this.
fn exactly<'a, C, R: PartialEq + std::fmt::Debug + 'a>(
    expected: impl Fn(&C) -> R + 'a,
) -> Trial<'a, C, R> {
    Trial::new(move |context: &C, got: &R, _| {
        let expected = expected(context);
        match *got == expected {
            true => Ok(()),
            false => Err(format!("{got:?}, expected {expected:?}")),
        }
    })
}

fn scope<'a>() -> Case<'a> {
    Case::new(question("scope", vec![]), |question, plan| {
        #[inline(never)]
        fn call(value: &mut f32) -> f32 {
            black_box(*value)
        }
        #[inline(never)]
        fn scoped(value: &mut f32) -> f32 {
            with_arena(|scope| {
                black_box(scope);
                black_box(*value)
            })
        }
        let contenders = [
            Contender::new("arena", 1, scoped),
            Contender::new("empty-call", 1, call),
        ];
        let trial = exactly(|value: &f32| *value);
        question.ask(plan, 1.5, &contenders, &[trial], &[(0, 1)])
    })
}

/// What the caller owns, kept between calls.
struct Bumps {
    arena: Arena,
    bumpalo: Bump,
    scoped: ScopedBump,
    len: usize,
}

thread_local! {
    /// What one writes with bumpalo to have what `with_arena` offers, less the nesting: a scope
    /// within a scope panics.
    static LOCAL_BUMPALO: RefCell<Bump> = RefCell::new(Bump::new());
    static LOCAL_SCOPED: RefCell<ScopedBump> = RefCell::new(ScopedBump::new());
}

/// Uses a slice as little as possible: nothing is touched, but it must be there.
#[inline(always)]
fn seen(slots: &mut [MaybeUninit<f32>]) -> usize {
    black_box(slots).len()
}

fn take<'a>(len: usize) -> Case<'a> {
    Case::new(question("take", vec![TAKEN, len]), move |question, plan| {
        /// Takes the sixteen through `slots`.
        #[inline(always)]
        fn sixteen<'s>(mut slots: impl FnMut() -> &'s mut [MaybeUninit<f32>]) -> usize {
            (0..TAKEN).map(|_| seen(slots())).sum()
        }
        fn bumpalo<'a>(name: &'static str, align: usize) -> Contender<'a, Bumps, usize> {
            Contender::new(name, 1, move |bumps: &mut Bumps| {
                let (bump, len) = (&bumps.bumpalo, bumps.len);
                let sum = sixteen(|| bumpalo_slots(bump, len, align));
                bumps.bumpalo.reset();
                sum
            })
        }
        fn bumpalo_local<'a>(name: &'static str, align: usize) -> Contender<'a, Bumps, usize> {
            Contender::new(name, 1, move |bumps: &mut Bumps| {
                LOCAL_BUMPALO.with_borrow_mut(|bump| {
                    let (kept, len) = (&*bump, bumps.len);
                    let sum = sixteen(|| bumpalo_slots(kept, len, align));
                    bump.reset();
                    sum
                })
            })
        }
        /// Takes the sixteen in a scope of `bump`.
        #[inline(always)]
        fn sixteen_scoped(bump: &mut ScopedBump, len: usize) -> usize {
            bump.scoped(|scope| {
                let scope = &*scope;
                sixteen(|| scope.alloc_uninit_slice::<f32>(len).into_mut())
            })
        }
        let contenders = [
            Contender::new("arena", 1, |bumps: &mut Bumps| {
                let len = bumps.len;
                with_arena(|scope| sixteen(|| scope.alloc_slice_uninit(len)))
            }),
            Contender::new("arena-owned", 1, |bumps: &mut Bumps| {
                let len = bumps.len;
                bumps
                    .arena
                    .scope(|scope| sixteen(|| scope.alloc_slice_uninit(len)))
            }),
            bumpalo_local("bumpalo-local", align_of::<f32>()),
            bumpalo_local("bumpalo-local-64", 64),
            Contender::new("bump-scope-local", 1, |bumps: &mut Bumps| {
                LOCAL_SCOPED.with_borrow_mut(|bump| sixteen_scoped(bump, bumps.len))
            }),
            bumpalo("bumpalo", align_of::<f32>()),
            bumpalo("bumpalo-64", 64),
            Contender::new("bump-scope", 1, |bumps: &mut Bumps| {
                sixteen_scoped(&mut bumps.scoped, bumps.len)
            }),
            Contender::new("bump-scope-64", 1, |bumps: &mut Bumps| {
                #[derive(Clone, Copy)]
                #[repr(align(64))]
                struct Line(#[expect(dead_code, reason = "gives the type a size")] [f32; 16]);
                let len = bumps.len;
                bumps.scoped.scoped(|scope| {
                    let scope = &*scope;
                    let lines = || scope.alloc_uninit_slice::<Line>(len / 16).into_mut();
                    (0..TAKEN).map(|_| 16 * black_box(lines()).len()).sum()
                })
            }),
            Contender::new("mimalloc", 1, |bumps: &mut Bumps| {
                let len = bumps.len;
                let mut buffers = [(); TAKEN].map(|()| MimallocBuffer::new(len));
                buffers.iter_mut().map(|buffer| seen(buffer.slots())).sum()
            }),
            Contender::new("vec", 1, |bumps: &mut Bumps| {
                let len = bumps.len;
                let mut buffers = [(); TAKEN].map(|()| Vec::<f32>::with_capacity(len));
                let slots = |buffer: &mut Vec<f32>| seen(&mut buffer.spare_capacity_mut()[..len]);
                buffers.iter_mut().map(slots).sum()
            }),
        ];
        let trial = exactly(|bumps: &Bumps| TAKEN * bumps.len);
        let bumps = Bumps {
            arena: Arena::new(),
            bumpalo: Bump::new(),
            scoped: ScopedBump::new(),
            len,
        };
        // The first reaches a thread-local, the second belongs to the caller.
        let others = 2..contenders.len();
        let pairs: Vec<_> = others.flat_map(|other| [(0, other), (1, other)]).collect();
        let outcome = question.ask(plan, bumps, &contenders, &[trial], &pairs);
        // Kept, their blocks would lie above those of `scratch`, and glibc give nothing back.
        LOCAL_BUMPALO.set(Bump::new());
        LOCAL_SCOPED.set(ScopedBump::new());
        outcome
    })
}

struct Operands {
    x: Placed<f32>,
    y: Placed<f32>,
    bump: Bump,
    scoped: ScopedBump,
    kept: [Vec<f32>; 3],
}

/// sum(relu(x + y) · x), through three buffers of the operands' length.
fn chain(x: &[f32], y: &[f32], buffers: [&mut [MaybeUninit<f32>]; 3]) -> f32 {
    let [sums, kept, products] = buffers;
    let sums = fill(sums, x.iter().zip(y).map(|(x, y)| x + y));
    let kept = fill(kept, sums.iter().map(|sum| sum.max(0.0)));
    let products = fill(products, kept.iter().zip(x).map(|(kept, x)| kept * x));
    kernels_simd::sum(products)
}

fn scratch(inputs: &Inputs, len: usize) -> Case<'_> {
    let question = Question {
        // Read and written: 3 + 2 + 3 + 1 slices.
        bytes: (9 * len * size_of::<f32>()) as u64,
        flops: 3 * len as u64,
        ..question("scratch", vec![3, len])
    };
    Case::new(question, move |question, plan| {
        let Slices { x, y, .. } = Source::Embedded(&inputs.data, len).operands();
        let operands = Operands {
            x,
            y,
            bump: Bump::new(),
            scoped: ScopedBump::new(),
            kept: [(); 3].map(|()| Vec::with_capacity(len)),
        };
        /// The room of a vector without elements.
        fn spare(buffer: &mut Vec<f32>, len: usize) -> &mut [MaybeUninit<f32>] {
            &mut buffer.spare_capacity_mut()[..len]
        }
        let contenders = [
            Contender::new("arena", 1, move |operands: &mut Operands| {
                let Operands { x, y, .. } = black_box(operands);
                with_arena(|scope| chain(x, y, [(); 3].map(|()| scope.alloc_slice_uninit(len))))
            }),
            Contender::new("vec", 1, move |operands: &mut Operands| {
                let Operands { x, y, .. } = black_box(operands);
                let mut buffers = [(); 3].map(|()| Vec::<f32>::with_capacity(len));
                chain(x, y, buffers.each_mut().map(|buffer| spare(buffer, len)))
            }),
            Contender::new("kept", 1, move |operands: &mut Operands| {
                let Operands { x, y, kept, .. } = black_box(operands);
                chain(x, y, kept.each_mut().map(|buffer| spare(buffer, len)))
            }),
            Contender::new("mimalloc", 1, move |operands: &mut Operands| {
                let Operands { x, y, .. } = black_box(operands);
                let mut buffers = [(); 3].map(|()| MimallocBuffer::new(len));
                chain(x, y, buffers.each_mut().map(MimallocBuffer::slots))
            }),
            Contender::new("bumpalo", 1, move |operands: &mut Operands| {
                let Operands { x, y, bump, .. } = black_box(operands);
                let slots = [(); 3].map(|()| bumpalo_slots(bump, len, 64));
                let sum = chain(x, y, slots);
                bump.reset();
                sum
            }),
            Contender::new("bump-scope", 1, move |operands: &mut Operands| {
                let Operands { x, y, scoped, .. } = black_box(operands);
                scoped.scoped(|scope| {
                    let scope = &*scope;
                    let slots = [(); 3].map(|()| scope.alloc_uninit_slice::<f32>(len).into_mut());
                    chain(x, y, slots)
                })
            }),
        ]
        .map(|contender| contender.roundings(TREE_ROUNDINGS + 2));
        let trial = Trial::new(|operands: &Operands, got: &f32, roundings| {
            let pairs = operands.x.iter().zip(&operands.y[..]);
            // The first rounding decides relu's sign, so the reference repeats it.
            check_terms(
                pairs.map(|(x, y)| f64::from((x + y).max(0.0)) * f64::from(*x)),
                *got,
                roundings,
            )
        });
        let mut pairs: Vec<_> = (1..contenders.len()).map(|other| (0, other)).collect();
        // What an allocator can gain at most: `vec` by `kept`.
        pairs.push((1, 2));
        let plan = plan.counting_page_faults();
        as_if_nothing_larger_was_freed(len * size_of::<f32>());
        question.ask(&plan, operands, &contenders, &[trial], &pairs)
    })
}
