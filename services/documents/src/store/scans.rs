//! Versions that wait for the scanner.

super::queue::queue!("documents.scans");
