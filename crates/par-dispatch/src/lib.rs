//! Goes parallel on the user's Rayon pool only when it pays.
