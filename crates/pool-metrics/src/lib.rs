//! Lock-free recorder of what a Rayon pool does.
