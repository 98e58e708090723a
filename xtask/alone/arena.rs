//! A user's program that takes arena and nothing else.

fn main() {
    let sum: f32 = arena::with_arena(|scope| {
        let scratch = scope.alloc_slice_zeroed::<f32>(1000);
        for (i, value) in scratch.iter_mut().enumerate() {
            *value = (i + 1) as f32;
        }
        scratch.iter().sum()
    });
    println!("{sum}");
}
