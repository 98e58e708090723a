//! Collections of others that live in a scope: a vector and a hash map.

use allocator_api2::vec::Vec as VecIn;
use arena::{Arena, thread_stats, with_arena};
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::on_fresh_thread;

#[test]
fn a_vector_grows_where_it_lies_and_gives_its_place_back() {
    on_fresh_thread(|| {
        with_arena(|scope| {
            let mut numbers = VecIn::new_in(*scope);
            for i in 0..1000_u64 {
                numbers.push(i);
            }
            assert!(numbers.iter().enumerate().all(|(i, &x)| x == i as u64));
            if cfg!(not(feature = "isolated")) {
                let bytes = (numbers.capacity() * 8).next_multiple_of(64);
                assert_eq!(thread_stats().bytes_in_use, bytes + 64, "one place");
            }
            numbers.truncate(10);
            numbers.shrink_to_fit();
            numbers.extend_from_slice(&[7; 500]);
            assert_eq!((numbers[9], numbers[10], numbers.len()), (9, 7, 510));
            let mut last = VecIn::with_capacity_in(100, scope.align_to(4096));
            last.push(1.5_f32);
            assert_eq!(last.as_ptr().addr() % 4096, 0);
        });
        assert_eq!(thread_stats().bytes_in_use, 0);
        assert!(thread_stats().system_allocations <= 1);
    });
}

#[test]
fn values_in_a_collection_are_dropped_by_it() {
    let value = std::rc::Rc::new(());
    with_arena(|scope| {
        let mut owners = VecIn::new_in(*scope);
        owners.resize(100, std::rc::Rc::clone(&value));
        assert_eq!(std::rc::Rc::strong_count(&value), 101);
    });
    assert_eq!(std::rc::Rc::strong_count(&value), 1);
}

#[test]
fn two_that_grow_in_turn_do_not_overlap() {
    with_arena(|outer| {
        let (mut a, mut b) = (VecIn::new_in(*outer), VecIn::new_in(*outer));
        with_arena(|inner| {
            let mut c = VecIn::new_in(*inner);
            for i in 0..3000_u32 {
                a.push(i);
                b.push(i + 1);
                c.push(i + 2);
                if i % 1000 == 999 {
                    b.shrink_to_fit();
                    a.truncate(a.len() / 2);
                    a.shrink_to_fit();
                    a = a.clone();
                }
            }
            assert!(b.iter().zip(1..).all(|(&x, want)| x == want));
            assert!(c.iter().zip(2..).all(|(&x, want)| x == want));
        });
        a.push(5);
        assert_eq!(a[0], 0);
        assert!(b.iter().zip(1..).all(|(&x, want)| x == want));
    });
}

#[test]
fn a_hash_map_lives_in_a_checkpoint() {
    let arena = Arena::new();
    let mut checkpoint = arena.checkpoint();
    for _ in 0..3 {
        let mut squares =
            HashMap::with_hasher_in(DefaultHashBuilder::default(), checkpoint.scratch());
        for i in 0..500_u64 {
            squares.insert(i, i * i);
        }
        assert!((0..500).all(|i| squares[&i] == i * i));
        drop(squares);
        checkpoint.rewind();
        assert_eq!(arena.stats().bytes_in_use, 0);
    }
}

#[test]
fn a_refused_reservation_is_an_error() {
    with_arena(|scope| {
        let mut numbers = VecIn::<u64, _>::new_in(*scope);
        assert!(numbers.try_reserve(usize::MAX / 16).is_err());
        numbers.push(1);
        assert_eq!(numbers.as_slice(), [1]);
    });
}
